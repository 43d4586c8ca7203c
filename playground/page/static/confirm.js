// @ts-check
// Asks before something goes, and says what exactly goes.
import { closeButton } from "./icons.js";
import { createRef, html, ref } from "./lit.js";
import { t } from "./texts.js";

/** @import {Ref} from "./lit.js" */

/** @typedef {{title: string, about: string, yes: string, act: () => void}} Question */

export class Confirm {
  /** @type {Ref<HTMLDialogElement>} */
  #dialog = createRef();
  /** @type {Question} */
  #question = { title: "", about: "", yes: "", act: () => {} };

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** @param {Question} question */
  ask(question) {
    this.#question = question;
    this.changed();
    this.#dialog.value?.showModal();
  }

  view() {
    const { title, about, yes } = this.#question;
    return html`
      <dialog class="dialog" data-testid="confirm" aria-labelledby="confirm-title" aria-describedby="confirm-about"
        closedby="any" ${ref(this.#dialog)}>
        <header class="panel-head">
          <h2 id="confirm-title">${title}</h2>
          ${closeButton(t("page.close"), this.#close)}
        </header>
        <p id="confirm-about">${about}</p>
        <footer class="dialog-end">
          <button class="quiet" autofocus @click=${this.#close}>${t("page.cancel")}</button>
          <button class="danger" data-testid="confirm-yes" @click=${this.#yes}>${yes}</button>
        </footer>
      </dialog>
    `;
  }

  #close = () => this.#dialog.value?.close();

  #yes = () => {
    this.#close();
    this.#question.act();
  };
}
