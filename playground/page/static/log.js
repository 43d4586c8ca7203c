// @ts-check
// What the function host prints, as it comes: all of it, the lines about the message, or those with some words.
import { ApiError, loadLog } from "./api.js";
import { createRef, html, live, nothing, ref } from "./lit.js";
import { t } from "./texts.js";
import { clock, exact } from "./time.js";

/** @import {LogLine} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

const EVERY_MS = 1000;
const KEPT_LINES = 5000;
const SHOWN_LINES = 500;

export class HostLog {
  /** @type {Ref<HTMLElement>} */
  #box = createRef();
  /** @type {LogLine[]} */
  #lines = [];
  #visible = true;
  #words = "";
  #onlyMessage = false;
  #isShown = false;
  #asking = false;
  #drawn = 0;

  /** @param {Playground} app */
  constructor(app) {
    this.app = app;
    setInterval(() => this.#ask(), EVERY_MS);
  }

  /** It comes to be shown, or goes. @param {boolean} isShown */
  show(isShown) {
    const comes = isShown && !this.#isShown;
    this.#isShown = isShown;
    if (comes) this.#ask();
  }

  /** @param {string[]} ids what lines about the selected message hold; none without one */
  view(ids) {
    if (!this.#visible) return html`<p class="working">${t("log.notOurs")}</p>`;
    const lines = this.#chosen(ids).slice(-SHOWN_LINES);
    return html`
      <div class="log-filter">
        <input type="search" data-testid="log-words" aria-label=${t("log.filter")} placeholder=${t("log.filter")}
          .value=${live(this.#words)} @input=${this.#search} />
        <label class="radio"><input type="checkbox" data-testid="log-message" ?disabled=${ids.length === 0}
          .checked=${live(this.#onlyMessage && ids.length > 0)} @change=${this.#choose} />
          <span>${t("log.message")}</span></label>
      </div>
      ${lines.length === 0 ? html`<p class="working">${t("log.none")}</p>` : nothing}
      <div class="log-lines" tabindex="0" role="group" aria-label=${t("inspector.log")} ${ref(this.#box)}><ol>
        ${lines.map(
          ({ at, text }) => html`<li data-testid="log-line" data-level=${level(text)}>
          <time title=${exact(at)}>${clock(at)}</time> <span>${text}</span></li>`,
        )}
      </ol></div>
    `;
  }

  /** After the page was drawn: new lines are seen, where one was at the end. */
  drawn() {
    const box = this.#box.value;
    const last = this.#lines.at(-1)?.number ?? 0;
    if (!box || !this.#isShown || last === this.#drawn) return;
    this.#drawn = last;
    box.scrollTop = box.scrollHeight;
  }

  /** @param {string[]} ids */
  #chosen(ids) {
    const words = this.#words.toLowerCase();
    const about = this.#onlyMessage ? ids : [];
    return this.#lines.filter(
      ({ text }) =>
        text.toLowerCase().includes(words) && (about.length === 0 || about.some((id) => text.includes(id))),
    );
  }

  async #ask() {
    if (!this.#isShown || this.#asking || document.visibilityState !== "visible") return;
    this.#asking = true;
    try {
      const { visible, lines } = await loadLog(this.#lines.at(-1)?.number ?? 0);
      this.#visible = visible;
      this.#lines = [...this.#lines, ...lines].slice(-KEPT_LINES);
      if (lines.length > 0 || !visible) this.app.changed();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // the page says already that the playground does not answer
    } finally {
      this.#asking = false;
    }
  }

  /** @param {Event} event */
  #search = (event) => {
    this.#words = /** @type {HTMLInputElement} */ (event.target).value;
    this.app.changed();
  };

  /** @param {Event} event */
  #choose = (event) => {
    this.#onlyMessage = /** @type {HTMLInputElement} */ (event.target).checked;
    this.app.changed();
  };
}

/** @param {string} text */
function level(text) {
  if (/\b(ERROR|CRITICAL)\b/.test(text)) return "error";
  return /\bWARNING\b/.test(text) ? "warn" : "ok";
}
