// @ts-check
// Sends a message of one's own again, with something that goes wrong.
import { createRef, html, nothing, ref } from "./lit.js";
import { Modal } from "./modal.js";
import { t } from "./texts.js";

/** @import {Message} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

export class AgainDialog {
  /** @type {Ref<HTMLSelectElement>} */
  #select = createRef();
  #id = "";

  /** @param {Playground} app @param {(id: string, fault: string) => void} send */
  constructor(app, send) {
    this.app = app;
    this.send = send;
    this.modal = new Modal(app.changed, "again-dialog");
  }

  /** @param {Message} message */
  open({ id }) {
    this.#id = id;
    this.modal.open();
  }

  view() {
    return this.modal.view(t("message.againTitle"), () => this.#form());
  }

  #form() {
    const able = this.app.world.faults.filter(({ available }) => available);
    const chosen = able.find(({ name }) => name === this.#select.value?.value) ?? able[0];
    return html`
        <form @submit=${this.#submit}>
          <label class="field">${t("message.fault")}
            <select data-testid="again-fault" autofocus ${ref(this.#select)} @change=${this.app.changed}>
              ${able.map(
                ({ name, group, label }) => html`<option value=${name}>${group}${t("page.colon")}${label}</option>`,
              )}
            </select>
          </label>
          ${chosen ? html`<p class="faint">${chosen.explanation}</p>` : nothing}
          <footer class="dialog-end">
            <button type="button" class="quiet" @click=${this.modal.close}>${t("page.cancel")}</button>
            <button class="primary" data-testid="again-send">${t("write.send")}</button>
          </footer>
        </form>
    `;
  }

  /** @param {Event} event */
  #submit = (event) => {
    event.preventDefault();
    const fault = this.#select.value?.value ?? "";
    this.modal.close();
    this.send(this.#id, fault);
  };
}
