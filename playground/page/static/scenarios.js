// @ts-check
// Replays a scenario file, and shows what became of each step. (Saving is a plain download, see chat.js.)
import { replayScenario } from "./api.js";
import { closeButton, icon } from "./icons.js";
import { createRef, html, nothing, ref } from "./lit.js";
import { t } from "./texts.js";

/** @import {Replay} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

export class Scenarios {
  /** @type {Ref<HTMLInputElement>} */
  #file = createRef();
  /** @type {Ref<HTMLDialogElement>} */
  #dialog = createRef();
  #title = "";
  /** @type {Replay | null} null while it runs */
  #replay = null;

  /** @param {Playground} app */
  constructor(app) {
    this.app = app;
  }

  choose() {
    this.#file.value?.click();
  }

  view() {
    return html`
      <input type="file" hidden accept=".toml" data-testid="scenario-file" ${ref(this.#file)}
        @change=${this.#run} />
      <dialog class="dialog" data-testid="scenario-result" aria-labelledby="scenario-title"
        ${ref(this.#dialog)}>
        <header class="panel-head">
          <h2 id="scenario-title" dir="auto">${this.#title}</h2>
          ${closeButton(t("page.close"), () => this.#dialog.value?.close())}
        </header>
        <div role="status">${
          this.#replay === null
            ? html`<p class="working">${t("replay.running")}</p>`
            : html`<p class="verdict" data-ok=${this.#replay.ok}>${icon(this.#replay.ok ? "check" : "error")}
              ${t(this.#replay.ok ? "replay.good" : "replay.bad")}</p>`
        }</div>
        <ol class="replay">
          ${(this.#replay?.steps ?? []).map(
            ({ title, ok, detail }) => html`
            <li data-testid="scenario-step" data-ok=${ok}>
              ${icon(ok ? "check" : "error")}
              <div><p dir="auto">
                <span class="visually-hidden">${t(ok ? "replay.stepGood" : "replay.stepBad")}</span>${title}</p>
                ${detail ? html`<p class="faint" dir="auto">${detail}</p>` : nothing}</div>
            </li>`,
          )}
        </ol>
      </dialog>
    `;
  }

  /** @param {Event} event */
  #run = async (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const file = input.files?.[0];
    if (!file) return;
    const toml = await file.text();
    input.value = "";
    this.#title = file.name;
    this.#replay = null;
    this.app.changed();
    this.#dialog.value?.showModal();
    this.#replay = await this.app.attempt(replayScenario(toml));
    if (this.#replay === null) this.#dialog.value?.close();
    this.app.changed();
  };
}
