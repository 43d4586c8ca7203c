// @ts-check
// Changes what a message of one's own says.
import { closeButton } from "./icons.js";
import { isTooLong, roomLeft } from "./length.js";
import { createRef, html, live, ref } from "./lit.js";
import { t } from "./texts.js";

/** @import {Message} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

export class EditDialog {
  /** @type {Ref<HTMLDialogElement>} */
  #dialog = createRef();
  #id = "";
  #text = "";

  /** @param {Playground} app @param {(id: string) => void} closed gets the message that was open */
  constructor(app, closed) {
    this.app = app;
    this.closed = closed;
  }

  /** @param {Message} message */
  open({ id, text }) {
    this.#id = id;
    this.#text = text;
    this.app.changed();
    this.#dialog.value?.showModal();
  }

  view() {
    return html`
      <dialog class="dialog" data-testid="edit-dialog" aria-labelledby="edit-title" closedby="any"
        ${ref(this.#dialog)} @close=${() => this.closed(this.#id)}>
        <form @submit=${this.#save}>
          <header class="panel-head">
            <h2 id="edit-title">${t("own.title")}</h2>
            ${closeButton(t("page.close"), this.#close)}
          </header>
          <textarea class="edit-text" data-testid="edit-text" rows="4" dir="auto" required
            aria-labelledby="edit-title" autofocus .value=${live(this.#text)} @input=${this.#write}></textarea>
          <footer class="dialog-end">
            ${roomLeft(this.#text)}
            <button type="button" class="quiet" @click=${this.#close}>${t("page.cancel")}</button>
            <button class="primary" data-testid="edit-save" ?disabled=${isTooLong(this.#text.trim())}>${t("page.save")}</button>
          </footer>
        </form>
      </dialog>
    `;
  }

  #close = () => this.#dialog.value?.close();

  /** @param {Event} event */
  #write = (event) => {
    this.#text = /** @type {HTMLTextAreaElement} */ (event.target).value;
    this.app.changed();
  };

  /** @param {Event} event */
  #save = async (event) => {
    event.preventDefault();
    const text = this.#text.trim();
    if (text && (await this.app.edit(this.#id, text))) this.#close();
  };
}
