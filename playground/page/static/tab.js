// @ts-check
// What this browser tab remembers over a reload. Two tabs are two users: nothing here is shared.
import { isTooLong } from "./length.js";

const USER = "playground.user";

/** Who one is, which chat is open, what was read, and what is being written. */
export class Tab {
  /** The id of the open chat, "" for none. */
  chat = "";
  /** @type {Record<string, number>} by chat: the time up to which it was read */
  #read = {};
  /** @type {Record<string, string>} by chat: what is written and not yet sent */
  #drafts = {};

  constructor() {
    this.user =
      new URLSearchParams(location.search).get("as")?.toLowerCase() ?? sessionStorage.getItem(USER) ?? "";
    this.#recall();
  }

  /** Becomes somebody else. The address follows, so that a reload keeps it. @param {string} accid */
  become(accid) {
    this.user = accid;
    sessionStorage.setItem(USER, accid);
    const url = new URL(location.href);
    url.searchParams.set("as", accid);
    history.replaceState(null, "", url);
    this.#recall();
  }

  /** @param {string} chat */
  open(chat) {
    this.chat = chat;
    sessionStorage.setItem(`playground.chat.${this.user}`, chat);
  }

  /** Everything in this chat up to this time has been seen. @param {string} chat @param {number} at */
  markRead(chat, at) {
    if (this.readUntil(chat) >= at) return;
    this.#read[chat] = at;
    sessionStorage.setItem(`playground.read.${this.user}`, JSON.stringify(this.#read));
  }

  /** @param {string} chat @returns {number} the time up to which it was read */
  readUntil(chat) {
    return this.#read[chat] ?? 0;
  }

  /** @param {string} chat @returns {string} what is written there and not yet sent */
  draft(chat) {
    return this.#drafts[chat] ?? "";
  }

  /** @param {string} chat @param {string} text */
  keepDraft(chat, text) {
    this.#drafts[chat] = text;
    // What cannot be sent may be larger than what a tab can hold.
    const kept = Object.entries(this.#drafts).filter(([, draft]) => draft && !isTooLong(draft));
    sessionStorage.setItem(`playground.drafts.${this.user}`, JSON.stringify(Object.fromEntries(kept)));
  }

  #recall() {
    this.chat = sessionStorage.getItem(`playground.chat.${this.user}`) ?? "";
    this.#read = JSON.parse(sessionStorage.getItem(`playground.read.${this.user}`) ?? "{}");
    this.#drafts = JSON.parse(sessionStorage.getItem(`playground.drafts.${this.user}`) ?? "{}");
  }
}
