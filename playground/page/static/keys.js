// @ts-check
// The keys of the page: what they do, and the dialog that says so.
import { closeButton } from "./icons.js";
import { createRef, html, ref } from "./lit.js";
import { t } from "./texts.js";

/** @import {Ref} from "./lit.js" */
/** @import {Key} from "./texts.js" */

/** @type {[unknown, Key][]} */
const KEYS = [
  [html`<kbd>?</kbd>`, "keys.keys"],
  [html`<kbd>Ctrl</kbd> <kbd>K</kbd>`, "keys.search"],
  [html`<kbd>Enter</kbd>`, "keys.send"],
  [html`<kbd>Shift</kbd> <kbd>Enter</kbd>`, "keys.line"],
  [html`<kbd>↑</kbd>`, "keys.last"],
  [html`<kbd>/</kbd>`, "keys.commands"],
  [html`<kbd>@</kbd>`, "keys.mention"],
  [html`<kbd>↑</kbd> <kbd>↓</kbd>`, "keys.messages"],
  [html`<kbd>Enter</kbd>`, "keys.inspect"],
  [html`<kbd>Esc</kbd>`, "keys.close"],
];

/** @param {EventTarget | null} target @returns {boolean} whether what is typed there is text */
const isWriting = (target) =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

export class KeysDialog {
  /** @type {Ref<HTMLDialogElement>} */
  #dialog = createRef();

  /** @param {() => void} search */
  constructor(search) {
    this.search = search;
    document.addEventListener("keydown", this.#key);
  }

  open = () => this.#dialog.value?.showModal();

  view() {
    return html`
      <dialog class="dialog" data-testid="keys" aria-labelledby="keys-title" closedby="any" ${ref(this.#dialog)}>
        <header class="panel-head">
          <h2 id="keys-title">${t("keys.title")}</h2>
          ${closeButton(t("page.close"), () => this.#dialog.value?.close())}
        </header>
        <dl class="keys">${KEYS.map(
          ([key, what]) => html`<div><dt>${key}</dt><dd>${t(what)}</dd></div>`,
        )}</dl>
      </dialog>
    `;
  }

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    if (event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const isSearch = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
    if (isSearch) this.search();
    else if (event.key === "?" && !isWriting(event.target)) this.open();
    else return;
    event.preventDefault();
  };
}
