// @ts-check
// The keys of the page: what they do, and the dialog that says so.
import { html } from "./lit.js";
import { Modal } from "./modal.js";
import { t } from "./texts.js";

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
  /** @param {() => void} changed @param {() => void} search */
  constructor(changed, search) {
    this.search = search;
    this.modal = new Modal(changed, "keys");
    document.addEventListener("keydown", this.#key);
  }

  open = () => this.modal.open();

  view() {
    return this.modal.view(
      t("keys.title"),
      () => html`<dl class="keys">${KEYS.map(
        ([key, what]) => html`<div><dt>${key}</dt><dd>${t(what)}</dd></div>`,
      )}</dl>`,
    );
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
