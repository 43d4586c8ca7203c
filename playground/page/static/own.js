// @ts-check
// What one can do with a message of one's own that was sent: change what it says, or take it back.
import { closeButton, icon } from "./icons.js";
import { createRef, html, live, nothing, ref } from "./lit.js";
import { closeAround, place } from "./popover.js";
import { t } from "./texts.js";

/** @import {Message} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

/** @typedef {{edit: (message: Message) => void, recall: (message: Message) => void}} OwnActions */

/** @param {Message} message @param {{tabStop: boolean, actions: OwnActions}} how tabStop: the Tab key stops here */
export function ownMenu(message, { tabStop, actions }) {
  const id = `own-${message.id}`;
  const then = (/** @type {(message: Message) => void} */ action) => (/** @type {Event} */ event) => {
    closeAround(event);
    action(message);
  };
  return html`
    <button class="icon-button own" data-testid="own-menu" popovertarget=${id} tabindex=${tabStop ? 0 : -1}
      aria-label=${t("own.menu")} title=${t("own.menu")}>${icon("more")}</button>
    <div id=${id} popover class="popover menu" role="group" aria-label=${t("own.menu")}
      @beforetoggle=${place("below", "end", ".message")}>
      <ul>
        ${
          message.medium
            ? nothing
            : html`<li><button class="menu-item" data-testid="edit"
          @click=${then(actions.edit)}>${icon("pencil")}${t("own.edit")}</button></li>`
        }
        <li><button class="menu-item" data-testid="recall"
          @click=${then(actions.recall)}>${icon("undo")}${t("own.recall")}</button></li>
      </ul>
    </div>
  `;
}

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
          <textarea class="edit-text" data-testid="edit-text" rows="4" dir="auto" required maxlength="5000"
            aria-labelledby="edit-title" autofocus .value=${live(this.#text)} @input=${this.#write}></textarea>
          <footer class="dialog-end">
            <button type="button" class="quiet" @click=${this.#close}>${t("page.cancel")}</button>
            <button class="primary" data-testid="edit-save">${t("page.save")}</button>
          </footer>
        </form>
      </dialog>
    `;
  }

  #close = () => this.#dialog.value?.close();

  /** @param {Event} event */
  #write = (event) => {
    this.#text = /** @type {HTMLTextAreaElement} */ (event.target).value;
  };

  /** @param {Event} event */
  #save = async (event) => {
    event.preventDefault();
    const text = this.#text.trim();
    if (text && (await this.app.edit(this.#id, text))) this.#close();
  };
}
