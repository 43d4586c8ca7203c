// @ts-check
// Finds messages in all of one's chats; the arrow keys go through what is found, Enter goes there.
import { html, live, nothing } from "./lit.js";
import { inShort } from "./medium.js";
import { Modal } from "./modal.js";
import { t } from "./texts.js";
import { clockOrDay } from "./time.js";

/** @import {Conversation, Message} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

const SHOWN = 50;
// So much of a message is shown before what was found in it.
const BEFORE_CHARS = 30;

/** As people compare words, or nearly. @param {string} text */
const fold = (text) => text.normalize("NFKC").toLowerCase();

export class SearchDialog {
  #words = "";
  #index = 0;

  /** @param {Playground} app @param {(message: Message) => void} go */
  constructor(app, go) {
    this.app = app;
    this.go = go;
    this.modal = new Modal(app.changed, "search-dialog", true);
  }

  open() {
    this.#words = "";
    this.#index = 0;
    this.modal.open();
  }

  /** @returns {{conversation: Conversation, message: Message}[]} newest first */
  get #found() {
    const words = fold(this.#words.trim());
    if (words === "") return [];
    const { app } = this;
    const all = app.conversations.flatMap((conversation) =>
      app.world.messagesOf(conversation.chat).map((message) => ({ conversation, message })),
    );
    const found = all.filter(({ message }) => fold(inShort(message)).includes(words));
    return found.sort((a, b) => b.message.at - a.message.at).slice(0, SHOWN);
  }

  view() {
    return this.modal.view(t("search.title"), () => this.#content());
  }

  #content() {
    const found = this.#found;
    const at = found[this.#index] ? `found-${this.#index}` : nothing;
    return html`
        <input type="search" data-testid="search-words" autofocus dir="auto" role="combobox" autocomplete="off"
          aria-label=${t("search.words")} placeholder=${t("search.words")} aria-expanded=${found.length > 0}
          aria-controls="found" aria-activedescendant=${at} .value=${live(this.#words)}
          @input=${this.#look} @keydown=${this.#key} />
        <p class="faint" role="status">${this.#words.trim() ? t("search.count", { count: found.length }) : ""}</p>
        <ul class="found" id="found" role="listbox" aria-label=${t("search.title")}>
          ${found.map(
            ({ conversation, message }, index) => html`<li role="option" id="found-${index}"
            data-testid="found" aria-selected=${index === this.#index} @click=${() => this.#take(message)}>
            <b><bdi>${conversation.title}</bdi></b> <time>${clockOrDay(message.at, Date.now())}</time>
            <span dir="auto">${this.app.world.name(message.sender)}${t("page.colon")}${this.#around(message)}</span>
          </li>`,
          )}
        </ul>
    `;
  }

  /** @param {Message} message @returns {unknown} what it says around what was found */
  #around(message) {
    const text = inShort(message);
    const at = Math.max(fold(text).indexOf(fold(this.#words.trim())), 0);
    const from = Math.max(at - BEFORE_CHARS, 0);
    const end = at + this.#words.trim().length;
    return html`${from > 0 ? "…" : ""}${text.slice(from, at)}<mark>${text.slice(at, end)}</mark>${text.slice(end, end + 120)}`;
  }

  /** @param {Event} event */
  #look = (event) => {
    this.#words = /** @type {HTMLInputElement} */ (event.target).value;
    this.#index = 0;
    this.app.changed();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    if (event.isComposing) return;
    const found = this.#found;
    const step = { ArrowDown: 1, ArrowUp: found.length - 1 }[event.key];
    if (event.key === "Escape") this.modal.close(); // not only what is written there, as browsers do
    else if (event.key === "Enter" && found[this.#index]) this.#take(found[this.#index].message);
    else if (step !== undefined && found.length > 0) this.#index = (this.#index + step) % found.length;
    else return;
    event.preventDefault();
    this.app.changed();
    queueMicrotask(() => document.getElementById(`found-${this.#index}`)?.scrollIntoView({ block: "nearest" }));
  };

  /** @param {Message} message */
  #take(message) {
    this.modal.close();
    this.go(message);
  }
}
