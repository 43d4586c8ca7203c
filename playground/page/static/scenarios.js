// @ts-check
// Plays a scenario file, and shows what comes of each step. (Saving is a plain download, see chat-head.js.)
import { playScenario } from "./api.js";
import { closeButton, icon } from "./icons.js";
import { createRef, html, nothing, ref } from "./lit.js";
import { t } from "./texts.js";

/** @import {ReplayEnd, ReplayLine, ReplayStep} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

export class Scenarios {
  /** @type {Ref<HTMLInputElement>} */
  #file = createRef();
  /** @type {Ref<HTMLDialogElement>} */
  #dialog = createRef();
  #title = "";
  /** @type {ReplayStep[]} */
  #steps = [];
  /** @type {ReplayEnd | null} null while it runs */
  #end = null;
  #cancel = new AbortController();

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
        @change=${this.#choose} />
      <dialog class="dialog" data-testid="scenario-result" aria-labelledby="scenario-title"
        ${ref(this.#dialog)} @close=${() => this.#cancel.abort()}>
        <header class="panel-head">
          <h2 id="scenario-title" dir="auto">${this.#title}</h2>
          ${closeButton(t("page.close"), () => this.#dialog.value?.close())}
        </header>
        <p class="faint">${t("replay.ownStack")}</p>
        <ol class="replay">${this.#steps.map(step)}</ol>
        <div role="status">${this.#end === null ? this.#working() : verdict(this.#end)}</div>
      </dialog>
    `;
  }

  #working() {
    return html`<p class="working">${t(this.#steps.length ? "replay.running" : "replay.starting")}</p>
      <p class="dialog-end"><button type="button" class="quiet" data-testid="scenario-cancel"
        @click=${() => this.#dialog.value?.close()}>${t("replay.cancel")}</button></p>`;
  }

  /** @param {Event} event */
  #choose = async (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const file = input.files?.[0];
    if (!file) return;
    const toml = await file.text();
    input.value = "";
    const cancel = new AbortController();
    this.#title = file.name;
    this.#steps = [];
    this.#end = null;
    this.#cancel = cancel;
    this.app.changed();
    this.#dialog.value?.showModal();
    const played = await this.app.attempt(this.#play(toml, cancel.signal));
    if (played === null) this.#dialog.value?.close();
  };

  /** @param {string} toml @param {AbortSignal} signal */
  async #play(toml, signal) {
    /** @param {ReplayLine} line */
    const tell = (line) => {
      if ("title" in line) this.#steps.push(line);
      else this.#end = line;
      this.app.changed();
    };
    try {
      await playScenario(toml, signal, tell);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return true;
  }
}

/** @param {ReplayStep} step */
const step = ({ title, ok, detail }) => html`
  <li data-testid="scenario-step" data-ok=${ok}>
    ${icon(ok ? "check" : "error")}
    <div><p dir="auto">
      <span class="visually-hidden">${t(ok ? "replay.stepGood" : "replay.stepBad")}</span>${title}</p>
      ${detail ? html`<p class="faint" dir="auto">${detail}</p>` : nothing}</div>
  </li>`;

/** @param {ReplayEnd} end */
const verdict = ({ ok, not_played, why }) => html`
  <p class="verdict" data-testid="scenario-verdict" data-ok=${ok}>${icon(ok ? "check" : "error")}
    ${t(ok ? "replay.good" : "replay.bad")}</p>
  ${not_played ? html`<p>${t("replay.notPlayed", { count: not_played })}</p>` : nothing}
  ${why ? html`<p class="faint" dir="auto">${why}</p>` : nothing}`;
