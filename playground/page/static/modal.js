// @ts-check
// A dialog over the page. What is in it is only there, and only made, while it is open.
import { closeButton } from "./icons.js";
import { createRef, html, nothing, ref } from "./lit.js";
import { t } from "./texts.js";

/** @import {Ref} from "./lit.js" */

export class Modal {
  /** @type {Ref<HTMLDialogElement>} */
  #dialog = createRef();
  #isOpen = false;

  /** @param {() => void} changed @param {string} name by which tests and labels know it @param {boolean} [wide] */
  constructor(changed, name, wide = false) {
    this.changed = changed;
    this.name = name;
    this.wide = wide;
  }

  /** The page is drawn before it opens: what is to have the keyboard is there. */
  open() {
    this.#isOpen = true;
    this.changed();
    queueMicrotask(() => this.#dialog.value?.showModal());
  }

  close = () => this.#dialog.value?.close();

  /** @param {string} title @param {() => unknown} content */
  view(title, content) {
    return html`
      <dialog class=${this.wide ? "dialog wide" : "dialog"} data-testid=${this.name} aria-labelledby="${this.name}-title"
        closedby="any" ${ref(this.#dialog)} @close=${this.#closed}>
        ${
          this.#isOpen
            ? html`<header class="panel-head">
              <h2 id="${this.name}-title">${title}</h2>${closeButton(t("page.close"), this.close)}
            </header>${content()}`
            : nothing
        }
      </dialog>
    `;
  }

  #closed = () => {
    this.#isOpen = false;
    this.changed();
  };
}
