// @ts-check
// The middle: the open chat, from its head to the last message.
import { bubble, untilAgain } from "./bubble.js";
import { chatHead } from "./chat-head.js";
import { emptyChat } from "./empty.js";
import { icon } from "./icons.js";
import { createRef, html, nothing, ref, repeat } from "./lit.js";
import { face } from "./people.js";
import { pieces, t } from "./texts.js";
import { dayKey, dayName } from "./time.js";

/** @import {MenuActions} from "./chat-menu.js" */
/** @import {Message} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

// Messages of one sender that are closer than this stand together.
const TOGETHER_MS = 3 * 60_000;
// So far from the end the list still counts as being there.
const NEAR_END_PX = 80;

export class Chat {
  /** @type {Ref<HTMLElement>} */
  #log = createRef();
  /** @type {Set<string>} the long messages that are shown as a whole */
  #unfolded = new Set();
  /** @type {string | null} where the arrow keys are */
  #cursor = null;
  #atEnd = true;
  /** A message has just been unfolded or folded: what one looks at stays where it is. */
  #unfolding = false;
  /** @type {{chat: string, last: string | undefined}} what was drawn the last time */
  #shown = { chat: "", last: undefined };
  #sizes = new ResizeObserver(() => this.#atEnd && this.#goToEnd());

  /**
   * @param {Playground} app
   * @param {MenuActions & {write: (text: string) => void, enterInspector: () => void,
   *   messageMenu: (message: Message, tabStop: boolean) => unknown}} actions
   */
  constructor(app, actions) {
    this.app = app;
    this.actions = actions;
  }

  /** @param {unknown} composer */
  view(composer) {
    const conversation = this.app.conversation;
    if (!conversation) {
      return html`<main class="chat"><div class="empty"><h2>${t("chat.noBots")}</h2>
        <p>${pieces("chat.noBotsHow", { file: html`<code>bots.toml</code>` })}</p></div></main>`;
    }
    this.#measure();
    const { world } = this.app;
    const messages = this.app.shownMessages;
    const typing = world.typing(conversation.chat);
    return html`
      <main class="chat">
        ${chatHead(this.app, conversation, this.actions)}
        <div class="log-box">
          <div class="log" role="log" aria-label=${t("chat.messages")} tabindex=${messages.length > 0 ? nothing : 0}
            ${ref(this.#log)} @scroll=${this.#scrolled} @keydown=${this.#key} @focusin=${this.#focused}>
            <div class="log-inner">
              ${
                messages.length > 0
                  ? this.#messages(messages)
                  : emptyChat(world, conversation, this.actions.write)
              }
              ${typing.map(
                (accid) => html`<div class="message" aria-hidden="true">${face(world, accid)}
                <div class="bubble typing" data-testid="typing"><i></i><i></i><i></i></div></div>`,
              )}
            </div>
          </div>
          ${
            this.#atEnd
              ? nothing
              : html`<button class="to-end" @click=${this.#toEnd} aria-label=${t("chat.toEnd")}>
            ${icon("down")}</button>`
          }
        </div>
        <p class="visually-hidden" role="status">
          ${typing.map((accid) => t("chat.typing", { name: world.name(accid) }))}
        </p>
        ${composer}
      </main>
    `;
  }

  /** @returns {boolean} whether it shows a time that goes on */
  get ticks() {
    const now = Date.now();
    return this.app.world.messagesOf(this.app.tab.chat).some((message) => untilAgain(message, now) > 0);
  }

  /** After the page was drawn: stays at the end, where one was, or goes there with one's own message. */
  drawn() {
    const log = this.#log.value;
    if (!log) return;
    if (log.clientHeight === 0) {
      // A narrow window shows the list of chats: when this one comes back, it is as if it were another.
      this.#shown = { chat: "", last: undefined };
      return;
    }
    const { tab, world, me } = this.app;
    const last = world.messagesOf(tab.chat).at(-1);
    const isOther = tab.chat !== this.#shown.chat;
    const wrote = last?.id !== this.#shown.last && last?.sender === me;
    if (isOther) {
      this.#sizes.disconnect();
      this.#sizes.observe(log);
    }
    if (isOther || wrote || (this.#atEnd && !this.#unfolding)) this.#goToEnd();
    this.#shown = { chat: tab.chat, last: last?.id };
    this.#unfolding = false;
    this.#scrolled();
  }

  /** Puts the keyboard onto a message, or onto the button of the inspector. @param {string | null} id */
  focus(id) {
    if (id === null) {
      document.getElementById("inspector-toggle")?.focus();
      return;
    }
    this.#cursor = id;
    /** @type {HTMLElement | null | undefined} */ (
      this.#log.value?.querySelector(`[data-id="${CSS.escape(id)}"]`)
    )?.focus();
  }

  #goToEnd() {
    const log = this.#log.value;
    if (log) log.scrollTop = log.scrollHeight;
  }

  #scrolled = () => {
    const before = this.#atEnd;
    this.#measure();
    if (this.#atEnd !== before) this.app.changed();
  };

  #measure() {
    const log = this.#log.value;
    this.#atEnd = !log || log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
  }

  /** The button goes once one is there: the keyboard moves to the last message. */
  #toEnd = () => {
    this.#goToEnd();
    const last = this.app.world.messagesOf(this.app.tab.chat).at(-1);
    if (last) this.focus(last.id);
    this.app.changed();
  };

  /** @param {FocusEvent} event */
  #focused = (event) => {
    const id = /** @type {HTMLElement} */ (event.target).closest("article")?.dataset.id;
    if (!id || id === this.#cursor) return;
    this.#cursor = id;
    this.app.changed();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    const article = /** @type {HTMLElement} */ (event.target);
    if (!article.matches("article")) return;
    const all = [...(this.#log.value?.querySelectorAll("article") ?? [])];
    const here = all.indexOf(article);
    const there = { ArrowUp: here - 1, ArrowDown: here + 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.app.select(article.dataset.id ?? null);
      this.actions.enterInspector();
    } else if (there !== undefined) {
      event.preventDefault();
      all[there]?.focus();
    }
  };

  /** @param {Message[]} messages */
  #messages(messages) {
    const { app } = this;
    const now = Date.now();
    const cursor = messages.find(({ id }) => id === this.#cursor) ?? messages.at(-1);
    const items = messages.map((message, index) => {
      const before = messages[index - 1];
      const newDay = !before || dayKey(before.at) !== dayKey(message.at);
      const follows = !newDay && before.sender === message.sender && message.at - before.at < TOGETHER_MS;
      return { message, newDay, follows };
    });
    return repeat(
      items,
      ({ message }) => message.id,
      ({ message, newDay, follows }) => html`
      ${newDay ? html`<p class="day"><span>${dayName(message.at, now)}</span></p>` : nothing}
      ${bubble(app, message, {
        follows,
        unfolded: this.#unfolded.has(message.id),
        tabStop: message === cursor,
        onUnfold: () => this.#unfold(message.id),
        menu: this.actions.messageMenu,
      })}
    `,
    );
  }

  /** @param {string} id */
  #unfold(id) {
    if (!this.#unfolded.delete(id)) this.#unfolded.add(id);
    this.#unfolding = true;
    this.app.changed();
  }
}
