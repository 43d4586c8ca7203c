// @ts-check
// What one can do beside writing: the dialogs of it, and what the menus of messages and chats call.
import { AgainDialog } from "./again.js";
import * as api from "./api.js";
import { CardDialog } from "./card.js";
import { Confirm } from "./confirm.js";
import { KeysDialog } from "./keys.js";
import { html, nothing } from "./lit.js";
import { MessageMenu } from "./message-menu.js";
import { SearchDialog } from "./search.js";
import { SendDialog } from "./send.js";
import { t } from "./texts.js";
import { TopicsDialog, topicOf } from "./topics.js";
import { download, fileName, transcript } from "./transcript.js";

/** @import {Message} from "./contract.js" */
/** @import {Playground} from "./playground.js" */
/** @import {Format} from "./transcript.js" */

const SAID_MS = 2500;

/**
 * @typedef {object} Outside what lies beside the workbench
 * @property {(text: string) => void} write into the composer
 * @property {(id: string) => void} focus a message, once it is drawn
 * @property {(message: Message) => void} edit
 * @property {(message: Message) => void} recall
 * @property {(message: Message) => void} showMemory
 */

export class Workbench {
  /** What was just done, for a moment. */
  #said = "";

  /** @param {Playground} app @param {Outside} outside */
  constructor(app, outside) {
    this.app = app;
    this.outside = outside;
    this.confirm = new Confirm(app.changed);
    this.send = new SendDialog(app);
    this.again = new AgainDialog(app, (id, fault) => this.#again(id, fault));
    this.card = new CardDialog(app);
    this.topics = new TopicsDialog(app, outside.showMemory);
    this.search = new SearchDialog(app, (message) => this.#go(message));
    this.keys = new KeysDialog(app.changed, () => this.search.open());
    this.messages = new MessageMenu(app, {
      copyText: ({ text }) => this.#copy(text),
      copyId: ({ log_id }) => this.#copy(log_id),
      reuse: ({ text }) => outside.write(text),
      again: ({ id }) => this.#again(id, ""),
      againFault: (message) => this.again.open(message),
      edit: outside.edit,
      recall: outside.recall,
      about: (message) => this.send.open(message),
      delete: (message) => this.#delete(message),
    });
  }

  /** What the chat's menu calls. */
  get actions() {
    return {
      messageMenu: this.messages.view,
      newConversation: () => this.#newConversation(),
      card: () => this.card.open(),
      topics: () => this.topics.open(),
      search: () => this.search.open(),
      send: () => this.send.open(),
      copyChat: () => this.#copy(this.#transcript("md")),
      exportMarkdown: () => this.#export("md"),
      exportText: () => this.#export("txt"),
      clearChat: () => this.#clear(),
      endGroup: () => this.#endGroup(),
      keys: () => this.keys.open(),
    };
  }

  view() {
    return html`
      ${this.confirm.view()}${this.send.view()}${this.again.view()}${this.card.view()}${this.topics.view()}
      ${this.search.view()}${this.keys.view()}
      <div class="notices"><div role="status" data-testid="said">
        ${this.#said ? html`<p class="notice">${this.#said}</p>` : nothing}</div></div>
    `;
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.#said = sentence;
    this.app.changed();
    setTimeout(() => {
      if (this.#said === sentence) this.#said = "";
      this.app.changed();
    }, SAID_MS);
  }

  /** @param {string} text */
  async #copy(text) {
    await navigator.clipboard.writeText(text);
    this.#say(t("inspector.copied"));
  }

  /** @param {string} id @param {string} fault */
  async #again(id, fault) {
    const { app } = this;
    const message = await app.attempt(api.sendAgain(id, app.me, fault));
    if (message !== null) app.arrived(message);
  }

  /** @param {Message} message */
  #delete({ id }) {
    this.confirm.ask({
      title: t("message.deleteTitle"),
      about: t("message.deleteAbout"),
      yes: t("message.deleteYes"),
      act: () => this.app.attempt(api.deleteMessage(id)),
    });
  }

  /** Every bot of the chat is told to begin anew, in the topic that is open. */
  async #newConversation() {
    const { app } = this;
    const { conversation } = app;
    if (!conversation) return;
    const bots = conversation.members.filter((accid) => app.world.bots.has(accid));
    const topic = app.topic ? { topic: app.topic } : {};
    for (const account of bots) {
      const robot = conversation.kind === "team" ? { account, ...topic } : topic;
      const input = app.world.bots.get(account)?.reply === "response" ? "chatbot" : "copy";
      await app.send(conversation, { text: "/new", robot, input });
    }
  }

  #clear() {
    const { conversation } = this.app;
    if (!conversation) return;
    this.confirm.ask({
      title: t("clear.title", { name: conversation.title }),
      about: t("clear.about"),
      yes: t("clear.yes"),
      act: () => this.app.attempt(api.clearChat(conversation.chat)),
    });
  }

  #endGroup() {
    const { conversation } = this.app;
    if (conversation?.kind !== "team") return;
    this.confirm.ask({
      title: t("end.title", { name: conversation.title }),
      about: t("end.about"),
      yes: t("end.yes"),
      act: () => this.app.attempt(api.endTeam(conversation.id)),
    });
  }

  /** @param {Format} format @returns {string} of what is shown of the chat */
  #transcript(format) {
    const { conversation, world } = this.app;
    return conversation ? transcript(world, conversation, this.app.shownMessages, format) : "";
  }

  /** @param {Format} format */
  #export(format) {
    download(this.#transcript(format), fileName(this.app.conversation?.title ?? "", format));
  }

  /** @param {Message} message */
  #go(message) {
    const { app } = this;
    app.open(message.chat);
    if (app.topic !== null) app.turnToTopic(topicOf(app.world, message));
    this.outside.focus(message.id);
  }
}
