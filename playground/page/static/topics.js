// @ts-check
// The topics of a chat: each is a conversation of its own to the bot, with a memory of its own.
import { closeButton } from "./icons.js";
import { html, live, nothing } from "./lit.js";
import { Modal } from "./modal.js";
import { t } from "./texts.js";
import { clockOrDay } from "./time.js";

/** @import {Message} from "./contract.js" */
/** @import {Playground} from "./playground.js" */
/** @import {World} from "./world.js" */

/** The topic that a message belongs to, "" for none: a reply to that of its question. @param {World} world @param {Message} message */
export function topicOf(world, message) {
  const question = world.messages.get(world.questionOf(message) ?? "");
  return question?.robot?.topic ?? "";
}

/** By topic, the one that was last written in first. @param {World} world @param {string} chat @returns {Map<string, Message[]>} */
export function topicsOf(world, chat) {
  /** @type {Map<string, Message[]>} */
  const found = new Map();
  for (const message of world.messagesOf(chat).toReversed()) {
    const topic = topicOf(world, message);
    const messages = found.get(topic);
    if (messages) messages.push(message);
    else found.set(topic, [message]);
  }
  return found;
}

export class TopicsDialog {
  #name = "";

  /** @param {Playground} app @param {(message: Message) => void} showMemory */
  constructor(app, showMemory) {
    this.app = app;
    this.showMemory = showMemory;
    this.modal = new Modal(app.changed, "topics-dialog");
  }

  open() {
    this.#name = "";
    this.modal.open();
  }

  view() {
    return this.modal.view(t("topics.title"), () => this.#content());
  }

  #content() {
    const { app } = this;
    const topics = [...topicsOf(app.world, app.tab.chat)];
    return html`
        <p class="faint">${t("topics.about")}</p>
        <ul class="topics">
          <li><button class="menu-item" data-testid="topic-all" aria-pressed=${app.topic === null}
            @click=${() => this.#choose(null)}>${t("topics.all")}</button></li>
          ${topics.map(
            ([topic, messages]) => html`<li data-testid="topic" data-topic=${topic}>
            <button class="menu-item" data-testid="topic-choose" aria-pressed=${app.topic === topic}
              @click=${() => this.#choose(topic)}><bdi>${topic || t("topics.none")}</bdi>
              <span class="faint">${t("topics.count", { count: messages.length })}${t("page.comma")}${clockOrDay(messages[0].at, Date.now())}</span></button>
            ${this.#memory(messages)}
          </li>`,
          )}
        </ul>
        <form class="add" @submit=${this.#begin}>
          <input data-testid="topic-name" maxlength="64" dir="auto" required aria-label=${t("topics.new")}
            placeholder=${t("topics.new")} .value=${live(this.#name)} @input=${this.#write} />
          <button class="quiet" data-testid="topic-begin">${t("topics.begin")}</button>
        </form>
    `;
  }

  /** @param {Message[]} messages newest first */
  #memory(messages) {
    const asked = messages.find(({ origin, bot }) => origin === "user" && bot);
    const show = () => {
      this.modal.close();
      if (asked) this.showMemory(asked);
    };
    return asked
      ? html`<button class="quiet" data-testid="topic-memory" @click=${show}>${t("topics.memory")}</button>`
      : nothing;
  }

  /** @param {string | null} topic */
  #choose(topic) {
    this.modal.close();
    this.app.turnToTopic(topic);
  }

  /** @param {Event} event */
  #write = (event) => {
    this.#name = /** @type {HTMLInputElement} */ (event.target).value;
  };

  /** @param {Event} event */
  #begin = (event) => {
    event.preventDefault();
    if (this.#name.trim()) this.#choose(this.#name.trim());
  };
}

/** Where one writes: which topic it goes to, once the chat has one. @param {Playground} app */
export function topicBar(app) {
  const topics = new Set([...topicsOf(app.world, app.tab.chat).keys(), app.topic ?? ""]);
  if (topics.size === 1 && app.topic === null && topics.has("")) return nothing;
  const choose = (/** @type {Event} */ event) => {
    const index = /** @type {HTMLSelectElement} */ (event.target).selectedIndex;
    app.turnToTopic(choices[index]);
  };
  const choices = [null, ...topics];
  return html`
    <div class="topic-bar" data-testid="topic-bar">
      <label>${t("options.topic")}
        <select data-testid="topic-pick" @change=${choose}>${choices.map(
          (topic) => html`<option .selected=${live(topic === app.topic)}>
          ${topic === null ? t("topics.all") : topic || t("topics.none")}</option>`,
        )}</select></label>
      ${app.topic === null ? nothing : closeButton(t("topics.leave"), () => app.turnToTopic(null), "topic-leave")}
    </div>`;
}
