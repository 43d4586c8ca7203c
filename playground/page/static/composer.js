// @ts-check
// Where one writes.
import { Attachments } from "./attachments.js";
import { EmojiPicker } from "./emoji.js";
import { badge, icon } from "./icons.js";
import { isTooLong, roomLeft } from "./length.js";
import { createRef, html, live, nothing, ref } from "./lit.js";
import { Mentions } from "./mentions.js";
import { Options } from "./options.js";
import { Slash } from "./slash.js";
import { topicBar } from "./topics.js";
import { pieces, t } from "./texts.js";

/** @import {Attached} from "./attachments.js" */
/** @import {Conversation, Input, RobotInfo} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

export class Composer {
  /** @type {Ref<HTMLTextAreaElement>} */
  #box = createRef();
  #sending = Promise.resolve();
  #chat = "";

  /** @param {Playground} app */
  constructor(app) {
    this.app = app;
    this.options = new Options(app.changed);
    this.emoji = new EmojiPicker(app.changed, (emoji) => this.#insert(emoji));
    this.attachments = new Attachments(app, () => this.focus());
    this.mentions = new Mentions(app, (word, name) => this.#insert(`@${name} `, word.length));
    this.slash = new Slash(app.changed, (name, written) => this.#insert(`/${name}`, written));
  }

  /** Writes something that can still be changed, and puts the caret behind it. @param {string} text */
  write(text) {
    this.#draft = text;
    this.app.changed();
    this.focus();
  }

  focus() {
    this.#box.value?.focus();
  }

  /** Closes the options, where the keyboard is in them. @param {EventTarget | null} target @returns {boolean} */
  closeOptions(target) {
    const inside = target instanceof Element && target.closest("#options-panel, [data-testid=options]");
    if (!inside || !this.options.isOpen) return false;
    this.options.toggle();
    this.focus();
    return true;
  }

  view() {
    const conversation = this.app.conversation;
    if (!conversation) return nothing;
    const { title, chat } = conversation;
    const draft = this.#draft;
    const { count, isOpen } = this.options;
    return html`
      <section class="composer" aria-label=${t("write.label")}>
        ${topicBar(this.app)}
        ${this.mentions.view()}${this.slash.view()}
        ${this.options.view(this.app, conversation)}
        <div class="composer-box">
          ${this.attachments.view(chat)}
          <textarea data-testid="composer" rows="1" dir="auto" aria-label=${t("write.to", { name: title })}
            placeholder=${t("write.placeholder", { name: title })} aria-autocomplete="list"
            aria-controls=${this.mentions.isOpen ? "mentions" : this.slash.isOpen ? "commands" : nothing}
            aria-activedescendant=${this.mentions.activeId || this.slash.activeId || nothing} ${ref(this.#box)} .value=${live(draft)}
            @input=${this.#typed} @keydown=${this.#key} @keyup=${this.#look} @click=${this.#look}
            @blur=${this.#left} @paste=${this.attachments.pasted}></textarea>
          <div class="composer-tools">
            <button class="icon-button" data-testid="emoji" popovertarget="emoji-picker" aria-label=${t("write.emoji")}
              title=${t("write.emoji")}> ${icon("smile")}</button>
            ${this.attachments.buttons()}
            <button class="icon-button labelled" data-testid="options" aria-expanded=${isOpen}
              aria-controls=${isOpen ? "options-panel" : nothing} @click=${() => this.options.toggle()}>
              ${icon("options")}${t("write.options")}${badge(count, t("write.optionsSet"))}
            </button>
            ${roomLeft(draft)}
            <span class="hint" ?hidden=${isTooLong(draft)}>${pieces("write.hint", {
              enter: html`<kbd>Enter</kbd>`,
              line: html`<kbd>Shift Enter</kbd>`,
            })}</span>
            <button class="send" data-testid="send" aria-label=${t("write.send")} title=${t("write.send")}
              ?disabled=${!this.#isReady} @click=${this.#send}>${icon("send")}</button>
          </div>
        </div>
        ${this.emoji.view()}
        ${this.attachments.place.view()}
      </section>
    `;
  }

  /** After the page was drawn: the box is as high as its text, up to what the stylesheet allows. */
  drawn() {
    const box = this.#box.value;
    if (!box) return;
    const chat = this.app.tab.chat;
    if (chat !== this.#chat) {
      this.#chat = chat;
      this.mentions.look("", []);
      this.options.turnTo(this.app.world.bots.get(this.app.conversation?.id ?? ""));
    }
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }

  /** @param {Event} event */
  #typed = (event) => {
    this.#draft = /** @type {HTMLTextAreaElement} */ (event.target).value;
    this.#look();
    this.app.changed();
  };

  /** The caret has moved: perhaps into an @word, perhaps out of it. */
  #look = () => {
    const box = this.#box.value;
    const conversation = this.app.conversation;
    if (!box || !conversation) return;
    const wasAt = this.mentions.activeId + this.slash.activeId;
    const before = box.value.slice(0, box.selectionStart);
    this.slash.look(before, conversation.members.some((accid) => this.app.world.bots.has(accid)));
    if (conversation.kind === "team") this.mentions.look(before, conversation.members);
    if (this.mentions.activeId + this.slash.activeId !== wasAt) this.app.changed();
  };

  #left = () => {
    this.mentions.look("", []);
    this.slash.close();
    this.app.changed();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    // While an input method composes a word, Enter belongs to it.
    if (event.isComposing) return;
    if (this.mentions.key(event) || this.slash.key(event, this.#box.value?.value ?? "")) return;
    if (event.key === "ArrowUp" && this.#box.value?.value === "") this.#bringBack(event);
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.#send();
  };

  /** Writes the last text of one's own again, to be changed and sent anew. @param {KeyboardEvent} event */
  #bringBack(event) {
    const { app } = this;
    const own = app.shownMessages.findLast(({ sender, text, changed }) => sender === app.me && text && !changed);
    if (!own) return;
    event.preventDefault();
    this.write(own.text);
  }

  /** What is written in the open chat and not yet sent. */
  get #draft() {
    return this.app.tab.draft(this.app.tab.chat);
  }

  set #draft(text) {
    this.app.tab.keepDraft(this.app.tab.chat, text);
  }

  get #isEmpty() {
    return this.#draft.trim() === "" && this.attachments.of(this.app.tab.chat).length === 0;
  }

  get #isReady() {
    const text = this.#draft.trim();
    return !this.#isEmpty && !isTooLong(text) && !this.attachments.isBusy;
  }

  #send = () => {
    const conversation = this.app.conversation;
    if (!conversation || !this.#isReady) return;
    const { chat } = conversation;
    const text = this.#draft.trim();
    const attached = this.attachments.take(chat);
    const content = this.options.contentIn(this.app.topic);
    this.#draft = "";
    this.options.sent();
    this.app.changed();
    this.focus();
    // One after the other: what was written first arrives first.
    this.#sending = this.#sending.then(() => this.#deliver(conversation, text, attached, content));
  };

  /**
   * Each thing that is attached is a message of its own, the last one with the text.
   * @param {Conversation} conversation
   * @param {string} text
   * @param {Attached[]} attached
   * @param {{robot?: RobotInfo, input: Input}} content
   */
  async #deliver(conversation, text, attached, content) {
    const left = [...attached];
    let taken = true;
    do {
      const [next] = left;
      const medium = next && (await this.app.attempt(this.attachments.upload(next)));
      const message = { text: left.length > 1 ? "" : text, ...(medium ? { medium } : {}), ...content };
      taken = medium !== null && (await this.app.send(conversation, message));
      if (taken) left.shift();
    } while (taken && left.length > 0);
    // What was not taken is given back, unless something else is being written by now.
    if (!taken) this.attachments.giveBack(conversation.chat, left);
    if (!taken && !this.app.tab.draft(conversation.chat)) this.app.tab.keepDraft(conversation.chat, text);
    this.app.changed();
  }

  /** @param {string} text put in at the caret @param {number} [replace] so many characters before it go */
  #insert(text, replace = 0) {
    const box = this.#box.value;
    if (!box) return;
    box.focus();
    box.setRangeText(text, box.selectionStart - replace, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
