// @ts-check
// What the page knows and what one can do on it. The views read it and call it; it says when to look again.
import * as api from "./api.js";
import { Notices } from "./notices.js";
import { t } from "./texts.js";
import { topicOf } from "./topics.js";
import { World, privateChat } from "./world.js";

/** @import {Conversation, Fault, Message, NewMessage, Scope, ServerEvent, State} from "./contract.js" */
/** @import {Tab} from "./tab.js" */

// From this width on the inspector stands beside the chat; below, it lies over it. Also in css/layout.css.
const WIDE = matchMedia("(min-width: 68rem)");
// Up to this width there is room for the list or for the chat, not for both.
const SINGLE_PANE = matchMedia("(max-width: 45rem)");

export class Playground {
  /** @type {World | null} */
  #world = null;

  /** @param {Tab} tab @param {() => void} changed called after every change */
  constructor(tab, changed) {
    this.tab = tab;
    this.changed = changed;
    /** @type {"starting" | "live" | "reconnecting"} */
    this.connection = "starting";
    /** @type {"list" | "chat"} what a narrow window shows */
    this.pane = "list";
    this.notices = new Notices(changed);
    /** whether one has read that the function host is to be restarted */
    this.ownerKnows = false;
    /** @type {string | null} the topic of the open chat that is shown and written in; null for all, "" for none */
    this.topic = null;
    /** @type {string | null} the message that is inspected */
    this.selected = null;
    this.inspecting = WIDE.matches;
    /** @type {Set<string>} messages that arrived while one was looking */
    this.fresh = new Set();
    /** @type {Set<(event: ServerEvent) => void>} */
    this.listeners = new Set();
    for (const query of [WIDE, SINGLE_PANE]) query.addEventListener("change", changed);
    document.addEventListener("visibilitychange", () => this.look());
  }

  /** @returns {boolean} whether there is room for the inspector beside the chat */
  get wide() {
    return WIDE.matches;
  }

  /** @returns {boolean} whether the list of the chats is all that a narrow window shows */
  get onlyList() {
    return SINGLE_PANE.matches && this.pane === "list";
  }

  get ready() {
    return this.#world !== null;
  }

  /** @returns {World} only once `ready` */
  get world() {
    if (this.#world === null) throw new Error("the state has not been loaded yet");
    return this.#world;
  }

  get me() {
    return this.tab.user;
  }

  /** @returns {Conversation[]} */
  get conversations() {
    return this.world.conversations(this.me);
  }

  /** @returns {Conversation | null} */
  get conversation() {
    return this.conversations.find(({ chat }) => chat === this.tab.chat) ?? null;
  }

  /** @returns {Message | null} */
  get inspected() {
    return (this.selected && this.world.messages.get(this.selected)) || null;
  }

  /** @returns {string | null} the message whose way the inspector shows */
  get inspectedQuestion() {
    return this.inspected && this.world.questionOf(this.inspected);
  }

  /** @returns {Message[]} of the open chat, those of the topic that is open */
  get shownMessages() {
    const messages = this.world.messagesOf(this.tab.chat);
    return this.topic === null ? messages : messages.filter((message) => topicOf(this.world, message) === this.topic);
  }

  /** @param {Conversation} conversation */
  isUnread({ chat, last }) {
    return last !== null && last.sender !== this.me && last.at > this.tab.readUntil(chat);
  }

  /** @param {State} state */
  load(state) {
    this.#world = new World(state);
    this.connection = "live";
    if (!this.inspected) this.selected = null;
    if (!this.world.users.has(this.me)) {
      const unknown = this.me;
      this.become(this.world.users.keys().next().value ?? "");
      if (unknown) this.tell(t("page.nobody", { unknown, name: this.world.name(this.me) }));
    }
    this.#openSomething();
    this.changed();
  }

  /** The tab has come to the front, or went to the back. */
  look() {
    if (!this.ready) return;
    this.#markRead();
    this.changed();
  }

  lose() {
    this.connection = "reconnecting";
    this.changed();
  }

  /** @param {ServerEvent} event */
  receive(event) {
    if (event.type === "message" && !this.world.messages.has(event.message.id))
      this.fresh.add(event.message.id);
    this.world.apply(event);
    if (!this.inspected) this.selected = null;
    if (event.type === "team" && this.conversation === null) this.#leave(event.team.name);
    this.#markRead();
    if (event.type === "files") this.ownerKnows = false;
    for (const listener of this.listeners) listener(event);
    this.changed();
  }

  ownerIsTold() {
    this.ownerKnows = true;
    this.changed();
  }

  /** @param {string} accid */
  become(accid) {
    this.tab.become(accid);
    this.topic = null;
    this.select(null);
    this.#openSomething();
    this.changed();
  }

  /** @param {string} chat */
  open(chat) {
    if (chat !== this.tab.chat) {
      this.select(null);
      this.topic = null;
    }
    this.tab.open(chat);
    this.fresh.clear();
    this.pane = "chat";
    this.#markRead();
    this.changed();
  }

  /** @param {string | null} topic null for all of them */
  turnToTopic(topic) {
    this.topic = topic;
    this.select(null);
  }

  showList() {
    this.pane = "list";
    this.changed();
  }

  /** @param {string | null} id */
  select(id) {
    this.selected = id;
    if (id !== null) this.inspecting = true;
    else if (!this.wide) this.inspecting = false;
    this.changed();
  }

  /** @param {boolean} open */
  inspect(open) {
    this.inspecting = open;
    if (!open) this.selected = null;
    this.changed();
  }

  /** Puts a sentence where it is seen and read out, for a while. @param {string} sentence */
  tell(sentence) {
    this.notices.tell(sentence);
  }

  /**
   * Does something that may be refused, and tells why when it is.
   * @template T
   * @param {Promise<T>} work
   * @returns {Promise<T | null>} null when it was refused
   */
  async attempt(work) {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      this.tell(error.message);
      return null;
    } finally {
      this.changed();
    }
  }

  /**
   * Sends into the open chat.
   * @param {Conversation} conversation
   * @param {Omit<NewMessage, "as" | "to" | "team">} content
   * @returns {Promise<boolean>} whether it was taken
   */
  async send(conversation, content) {
    const to = conversation.kind === "team" ? { team: conversation.id } : { to: conversation.id };
    const message = await this.attempt(api.sendMessage({ as: this.me, ...to, ...content }));
    if (message !== null) this.arrived(message);
    return message !== null;
  }

  /** A message that one has sent is in the chat. @param {Message} message */
  arrived(message) {
    // Its events may have been faster than this answer, and know more.
    if (!this.world.messages.has(message.id)) this.receive({ seq: 0, type: "message", message });
    if (this.inspecting && this.wide) this.select(message.id);
  }

  /** @param {string} name */
  async addUser(name) {
    const user = await this.attempt(api.addUser(name));
    if (user === null) return;
    this.receive({ seq: 0, type: "user", user });
    this.become(user.accid);
  }

  /**
   * @param {string | null} tid null for a new group
   * @param {{name: string, members: string[]}} content
   * @returns {Promise<boolean>} whether it was taken
   */
  async saveTeam(tid, content) {
    const team = await this.attempt(tid === null ? api.addTeam(content) : api.changeTeam(tid, content));
    if (team === null) return false;
    this.receive({ seq: 0, type: "team", team });
    this.open(`team:${team.tid}`);
    return true;
  }

  /** @param {string} name @param {Scope | null} scope */
  async setFault(name, scope) {
    this.#takeFaults(await this.attempt(api.setFault(name, scope)));
  }

  async clearFaults() {
    this.#takeFaults(await this.attempt(api.clearFaults()));
  }

  /** Takes a message of one's own back. @param {string} id */
  recall(id) {
    return this.attempt(api.recallMessage(id, this.me));
  }

  /** @param {string} id @param {string} text @returns {Promise<boolean>} whether it was taken */
  async edit(id, text) {
    return (await this.attempt(api.editMessage(id, this.me, text))) !== null;
  }

  killHost() {
    return this.attempt(api.killHost());
  }

  /** @param {Fault[] | null} faults */
  #takeFaults(faults) {
    if (faults !== null) this.receive({ seq: 0, type: "faults", faults });
  }

  /** Somebody has taken one out of the group that is open. @param {string} name */
  #leave(name) {
    this.tell(t("page.leftGroup", { name }));
    this.pane = "list";
    this.select(null);
    this.#openSomething();
  }

  /** Opens the chat of the last time, else the first bot's; a narrow window stays at the list. */
  #openSomething() {
    const bot = this.world.bots.keys().next().value;
    if (this.conversation === null) this.tab.open(bot ? privateChat(this.me, bot) : "");
    this.#markRead();
  }

  /** What is on the screen has been read. */
  #markRead() {
    const open = this.conversation;
    const onScreen = document.visibilityState === "visible" && (this.pane === "chat" || !SINGLE_PANE.matches);
    if (open?.last && onScreen) this.tab.markRead(open.chat, open.last.at);
  }
}
