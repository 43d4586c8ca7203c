// @ts-check
// The right side: the whole way of the message that is selected, and what is stored of its conversation; beside them
// everything that was posted, and the function host's log.
import { loadRows, loadTimeline } from "./api.js";
import { copyButton } from "./copy.js";
import { closeButton, icon } from "./icons.js";
import { notVisible } from "./invisible.js";
import { createRef, html, nothing, ref } from "./lit.js";
import { HostLog } from "./log.js";
import { inShort } from "./medium.js";
import { RequestList } from "./requests.js";
import { rowsView } from "./rows.js";
import { t } from "./texts.js";
import { timelineView } from "./timeline.js";
import { clock } from "./time.js";

/** @import {Message, Rows, ServerEvent, Timeline} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

const TABS = /** @type {const} */ (["timeline", "rows", "requests", "log"]);

/** @typedef {typeof TABS[number]} InspectorTab the last two are about no message */

export class Inspector {
  /** @type {Ref<HTMLElement>} */
  #panel = createRef();
  /** @type {InspectorTab} */
  #tab = "timeline";
  /** What is shown belongs to this message, as this state of the server knows it. */
  #shown = { id: /** @type {string | null} */ (null), world: /** @type {object | null} */ (null) };
  /** @type {Timeline | null} */
  #timeline = null;
  /** @type {Rows | null} */
  #rows = null;
  #loading = false;
  #covers = false;
  #stale = false;

  /** @param {Playground} app @param {(id: string | null) => void} leave back to a message, or to the chat */
  constructor(app, leave) {
    this.app = app;
    this.leave = leave;
    this.requests = new RequestList(app);
    this.log = new HostLog(app);
    app.listeners.add((event) => this.#hear(event));
  }

  view() {
    const { app } = this;
    if (!app.inspecting) return nothing;
    const id = app.inspectedQuestion;
    const question = id === null ? undefined : app.world.messages.get(id);
    return html`
      <aside class="inspector" data-testid="inspector" data-message=${id ?? nothing} aria-label=${t("inspector.title")}
        tabindex="-1" ${ref(this.#panel)}>
        <header class="panel-head">
          <h2>${t("inspector.title")}</h2>
          ${
            question && this.#timeline?.curl
              ? copyButton(this.#timeline.curl, t("inspector.curl"), "copy-curl")
              : nothing
          }
          ${closeButton(t("inspector.close"), () => this.close(), "inspector-close")}
        </header>
        ${question ? this.#about(question) : nothing}
        ${this.#tabs()}
        ${this.#tab === "log" || this.#tab === "requests" ? this.#beside() : question ? this.#way(question) : this.#empty()}
      </aside>
    `;
  }

  /** After the page was drawn: asks for what is to be shown; takes the keyboard where it covers the chat. */
  drawn() {
    const { app } = this;
    this.requests.show(app.inspecting && this.#tab === "requests");
    this.log.show(app.inspecting && this.#tab === "log");
    this.log.drawn();
    const covers = app.inspecting && !app.wide;
    if (covers && !this.#covers) this.enter();
    this.#covers = covers;
    const id = app.inspectedQuestion;
    if (id === this.#shown.id && (id === null || app.world === this.#shown.world)) return;
    const sameMessage = id === this.#shown.id;
    if (!sameMessage && id !== null && this.#tab === "requests") this.#tab = "timeline";
    this.#shown = { id, world: app.world };
    if (!sameMessage) {
      this.#timeline = null;
      this.#rows = null;
    }
    this.#refresh();
  }

  /** @returns {boolean} whether it shows a time that goes on */
  get ticks() {
    const isShown = this.app.inspecting && this.#tab === "timeline" && this.#shown.id !== null;
    return isShown && this.#timeline !== null && !this.#timeline.complete;
  }

  /** Puts the keyboard into it. */
  enter() {
    this.#panel.value?.focus();
  }

  /** Closes it; the keyboard goes back to where it was opened from. */
  close() {
    const hadFocus = this.#panel.value?.contains(document.activeElement);
    const { selected } = this.app;
    this.app.inspect(false);
    if (hadFocus) this.leave(selected);
  }

  /** @param {ServerEvent} event */
  #hear(event) {
    if (event.type === "timeline" && event.id === this.#shown.id) this.#refresh();
  }

  /** Fetches again; events that come meanwhile lead to one more time, not to many. */
  async #refresh() {
    this.#stale = true;
    if (this.#loading) return;
    this.#loading = true;
    while (this.#stale && this.#shown.id !== null) {
      this.#stale = false;
      const { id } = this.#shown;
      const [timeline, rows] = await Promise.all([
        this.app.attempt(loadTimeline(id)),
        this.#tab === "rows" ? this.app.attempt(loadRows(id)) : this.#rows,
      ]);
      if (id !== this.#shown.id) continue;
      this.#timeline = timeline ?? this.#timeline;
      this.#rows = rows;
    }
    this.#loading = false;
    this.app.changed();
  }

  /** @param {Message} question */
  #about(question) {
    const { app } = this;
    const isReply = app.selected !== question.id;
    return html`
      <p class="quote" dir="auto"><bdi>${app.world.name(question.sender)}</bdi>
        <time>${clock(question.at)}</time>
        ${isReply ? html`<small class="tag">${t("inspector.reply")}</small>` : nothing}
        <span class="quote-text">${inShort(question)}</span></p>
    `;
  }

  #tabs() {
    return html`
      <div class="tabs" role="tablist" aria-label=${t("inspector.views")} @keydown=${this.#tabKey}>
        ${TABS.map(
          (tab) => html`<button role="tab" id="tab-${tab}" data-testid="${tab}-tab"
          aria-selected=${tab === this.#tab} aria-controls="inspector-panel"
          tabindex=${tab === this.#tab ? 0 : -1} @click=${() => this.show(tab)}>${t(`inspector.${tab}`)}</button>`,
        )}
      </div>
    `;
  }

  /** @param {Message} question */
  #way(question) {
    return this.#body(
      this.#tab === "timeline"
        ? timelineView(this.#timeline, question, this.app.world.invisible)
        : rowsView(this.#rows, question),
    );
  }

  /** What is not about one message alone. */
  #beside() {
    return this.#body(
      this.#tab === "log" ? this.log.view(this.#timeline?.log_ids ?? []) : this.requests.view(),
    );
  }

  /** @param {unknown} content */
  #body(content) {
    return html`
      <div class="inspector-body" role="tabpanel" id="inspector-panel" tabindex="0" data-tab=${this.#tab}
        aria-labelledby="tab-${this.#tab}">${content}</div>
    `;
  }

  #empty() {
    const { selected, world } = this.app;
    return this.#body(html`
        <div class="inspector-empty">
          ${icon("turn")}
          <h3>${t(selected === null ? "inspector.follow" : "inspector.noWay")}</h3>
          <p>${t(selected === null ? "inspector.followHow" : "inspector.noWayWhy")}</p>
        </div>
        ${notVisible(world.invisible)}
    `);
  }

  /** @param {InspectorTab} tab */
  show(tab) {
    this.#tab = tab;
    if (tab === "rows") this.#refresh();
    this.app.changed();
  }

  /** @param {KeyboardEvent} event */
  #tabKey = (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    const step = event.key === "ArrowRight" ? 1 : TABS.length - 1;
    this.show(TABS[(TABS.indexOf(this.#tab) + step) % TABS.length]);
    document.getElementById(`tab-${this.#tab}`)?.focus();
  };
}
