// @ts-check
// Asks before something goes, and says what exactly goes.
import { html } from "./lit.js";
import { Modal } from "./modal.js";
import { t } from "./texts.js";

/** @typedef {{title: string, about: string, yes: string, act: () => void}} Question */

export class Confirm {
  /** @type {Question} */
  #question = { title: "", about: "", yes: "", act: () => {} };

  /** @param {() => void} changed */
  constructor(changed) {
    this.modal = new Modal(changed, "confirm");
  }

  /** @param {Question} question */
  ask(question) {
    this.#question = question;
    this.modal.open();
  }

  view() {
    const { title, about, yes } = this.#question;
    return this.modal.view(
      title,
      () => html`
        <p>${about}</p>
        <footer class="dialog-end">
          <button class="quiet" autofocus @click=${this.modal.close}>${t("page.cancel")}</button>
          <button class="danger" data-testid="confirm-yes" @click=${this.#yes}>${yes}</button>
        </footer>`,
    );
  }

  #yes = () => {
    this.modal.close();
    this.#question.act();
  };
}
