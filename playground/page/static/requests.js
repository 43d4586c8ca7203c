// @ts-check
// Everything that was posted to the webhook, newest first, and what it answered: also what is about no message.
import { loadRequest, loadRequests } from "./api.js";
import { copyButton } from "./copy.js";
import { html, nothing, repeat } from "./lit.js";
import { t } from "./texts.js";
import { clock, exact } from "./time.js";

/** @import {RequestLine, ServerEvent, WholeRequest} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

export class RequestList {
  /** @type {RequestLine[] | null} */
  #lines = null;
  /** @type {Map<number, WholeRequest>} those that are unfolded */
  #whole = new Map();
  #loading = false;
  #stale = false;
  #isShown = false;

  /** @param {Playground} app */
  constructor(app) {
    this.app = app;
    app.listeners.add((event) => this.#hear(event));
  }

  view() {
    if (this.#lines === null) return html`<p class="working">${t("page.looking")}</p>`;
    if (this.#lines.length === 0) return html`<p class="working">${t("requests.none")}</p>`;
    return html`<ol class="requests">${repeat(
      this.#lines,
      ({ number }) => number,
      (line) => html`<li data-testid="request" data-kind=${line.kind} data-status=${line.status ?? nothing}>
        <details @toggle=${(/** @type {Event} */ event) => this.#unfold(event, line.number)}>
          <summary>${head(line)}</summary>
          ${this.#unfolded(line)}
        </details>
      </li>`,
    )}</ol>`;
  }

  /** It comes to be shown, or goes. @param {boolean} isShown */
  show(isShown) {
    if (isShown && !this.#isShown) this.#refresh();
    this.#isShown = isShown;
  }

  /** @param {RequestLine} line */
  #unfolded(line) {
    const whole = this.#whole.get(line.number);
    return whole ? requestView(whole, true) : html`<p class="working">${t("page.looking")}</p>`;
  }

  /** @param {ServerEvent} event */
  #hear(event) {
    if (event.type !== "request") return;
    this.#whole.delete(event.number);
    if (this.#isShown) this.#refresh();
  }

  /** Fetches again; events that come meanwhile lead to one more time, not to many. */
  async #refresh() {
    this.#stale = true;
    if (this.#loading) return;
    this.#loading = true;
    while (this.#stale) {
      this.#stale = false;
      this.#lines = (await this.app.attempt(loadRequests())) ?? this.#lines;
    }
    this.#loading = false;
    this.app.changed();
  }

  /** @param {Event} event @param {number} number */
  async #unfold(event, number) {
    if (!(/** @type {HTMLDetailsElement} */ (event.target).open) || this.#whole.has(number)) return;
    const whole = await this.app.attempt(loadRequest(number));
    if (whole) this.#whole.set(number, whole);
    this.app.changed();
  }
}

/** @param {RequestLine} line */
function head({ at, kind, status, answer, failure, ended }) {
  return html`<time title=${exact(at)}>${clock(at)}</time>
    <b>${t(`request.${kind}`)}</b>
    <code class="answer" data-good=${status === 200}>${ended ? (status ?? failure) : "…"}</code>
    <span class="one-line">${answer}</span>`;
}

/** @param {WholeRequest} request @param {boolean} withBody what was sent, and not only what came back */
export const requestView = (request, withBody) => html`
  <section class="request">
    <p><b>${request.status ?? request.failure}</b> <span class="faint">${t("time.ms", { count: Math.round(request.milliseconds) })}</span>
      ${copyButton(request.curl, t("inspector.curl"), "request-curl")}</p>
    <pre tabindex="0" role="group" aria-label=${t("request.answer")} data-testid="request-answer"><code>${request.answer}</code></pre>
    ${
      withBody
        ? html`<pre tabindex="0" role="group" aria-label=${t("send.body")}><code>${request.body}</code></pre>
      <dl class="headers">${request.headers.map(
        ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
      )}</dl>`
        : nothing
    }
  </section>
`;
