// @ts-check
// Sends a message of one's own again, with something that goes wrong.
import { closeButton } from "./icons.js";
import { createRef, html, nothing, ref } from "./lit.js";
import { t } from "./texts.js";

/** @import {Message} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

export class AgainDialog {
  /** @type {Ref<HTMLDialogElement>} */
  #dialog = createRef();
  /** @type {Ref<HTMLSelectElement>} */
  #select = createRef();
  #id = "";

  /** @param {Playground} app @param {(id: string, fault: string) => void} send */
  constructor(app, send) {
    this.app = app;
    this.send = send;
  }

  /** @param {Message} message */
  open({ id }) {
    this.#id = id;
    this.app.changed();
    this.#dialog.value?.showModal();
  }

  view() {
    const able = this.app.world.faults.filter(({ available }) => available);
    const chosen = able.find(({ name }) => name === this.#select.value?.value) ?? able[0];
    return html`
      <dialog class="dialog" data-testid="again-dialog" aria-labelledby="again-title" closedby="any" ${ref(this.#dialog)}>
        <form @submit=${this.#submit}>
          <header class="panel-head">
            <h2 id="again-title">${t("message.againTitle")}</h2>
            ${closeButton(t("page.close"), this.#close)}
          </header>
          <label class="field">${t("message.fault")}
            <select data-testid="again-fault" autofocus ${ref(this.#select)} @change=${this.app.changed}>
              ${able.map(
                ({ name, group, label }) => html`<option value=${name}>${group}${t("page.colon")}${label}</option>`,
              )}
            </select>
          </label>
          ${chosen ? html`<p class="faint">${chosen.explanation}</p>` : nothing}
          <footer class="dialog-end">
            <button type="button" class="quiet" @click=${this.#close}>${t("page.cancel")}</button>
            <button class="primary" data-testid="again-send">${t("write.send")}</button>
          </footer>
        </form>
      </dialog>
    `;
  }

  #close = () => this.#dialog.value?.close();

  /** @param {Event} event */
  #submit = (event) => {
    event.preventDefault();
    this.#close();
    this.send(this.#id, this.#select.value?.value ?? "");
  };
}
