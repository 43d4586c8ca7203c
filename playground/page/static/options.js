// @ts-check
// What the next message carries for the bot besides its text (robotInfo), and by which input it arrives.
import { html, live, nothing } from "./lit.js";

/** @import {Bot, Conversation, Input, RobotInfo} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

/** @type {[Input, string, string][]} */
const INPUTS = [
  ["copy", "Message copy", "as every app has it; carries robotInfo in ext"],
  ["chatbot", "Chatbot webhook", "the console's custom chatbot"],
  ["both", "Both", "one message by two ways: one answer"],
];

/**
 * @param {Input} input
 * @returns {{account: string, function: string, topic: string, customContent: string, input: Input}}
 */
const nothingBut = (input) => ({ account: "", function: "", topic: "", customContent: "", input });

/** @param {string} value @param {string} words @param {string} chosen */
const choice = (value, words, chosen) =>
  html`<option value=${value} .selected=${live(value === chosen)}>${words}</option>`;

export class Options {
  isOpen = false;
  #keep = false;
  /** @type {Input} the input that the chat's bot is fed by, unless another is chosen */
  #usual = "copy";
  #set = nothingBut("copy");

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** @returns {{robot?: RobotInfo, input: Input}} what to send along */
  get content() {
    const { input, ...fields } = this.#set;
    const robot = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
    return Object.keys(robot).length > 0 ? { robot, input } : { input };
  }

  /** @returns {number} how many are set */
  get count() {
    const { input, ...fields } = this.#set;
    return Object.values(fields).filter((value) => value !== "").length + (input === this.#usual ? 0 : 1);
  }

  toggle() {
    this.isOpen = !this.isOpen;
    this.changed();
  }

  /** The message is on its way: they were meant for it alone, unless they are kept. */
  sent() {
    if (!this.#keep) this.clear();
  }

  clear() {
    this.#set = nothingBut(this.#usual);
    this.#keep = false;
    this.changed();
  }

  /** Another chat. A bot that answers in the response is fed by the chatbot webhook. @param {Bot | undefined} bot */
  turnTo(bot) {
    this.#usual = bot?.reply === "response" ? "chatbot" : "copy";
    this.clear();
  }

  /** @param {Playground} app @param {Conversation} conversation */
  view(app, conversation) {
    if (!this.isOpen) return nothing;
    const isTeam = conversation.kind === "team";
    const bots = conversation.members.flatMap((accid) => app.world.bots.get(accid) ?? []);
    const bot = isTeam ? bots.find(({ accid }) => accid === this.#set.account) : bots[0];
    return html`
      <section class="options" id="options-panel" aria-label="Options of the next message">
        <div class="options-grid">
          ${isTeam ? this.#account(bots) : nothing}
          ${this.#function(bot)}
          <label>Topic
            <input data-testid="option-topic" maxlength="64" dir="auto"
              placeholder="A conversation of its own"
              .value=${live(this.#set.topic)} @input=${this.#take("topic")} />
          </label>
          <label class="wide">Custom content
            <textarea data-testid="option-custom" rows="2" dir="auto"
              placeholder="Context for the model, for this message only"
              .value=${live(this.#set.customContent)} @input=${this.#take("customContent")}></textarea>
          </label>
        </div>
        <fieldset>
          <legend>Arrives as</legend>
          ${INPUTS.map(
            ([value, word, about]) => html`<label class="radio"><input type="radio" name="input"
            data-testid="option-input" value=${value} .checked=${live(this.#set.input === value)}
            @change=${this.#take("input")} /><span>${word} <small>${about}</small></span></label>`,
          )}
        </fieldset>
        <p class="options-end">
          <label class="radio"><input type="checkbox" data-testid="option-keep" .checked=${live(this.#keep)}
            @change=${this.#keepThem} /><span>Keep for the messages after it</span></label>
          <button class="quiet" @click=${() => this.clear()}>Clear</button>
        </p>
      </section>
    `;
  }

  /** @param {Bot[]} bots */
  #account(bots) {
    return html`<label>Bot
      <select data-testid="option-account" @change=${this.#take("account")}>
        ${choice("", "the one that is mentioned", this.#set.account)}
        ${bots.map(({ accid, name }) => choice(accid, name, this.#set.account))}
      </select>
    </label>`;
  }

  /** @param {Bot | undefined} bot */
  #function(bot) {
    const functions = bot?.functions ?? [];
    const none = bot ? `${bot.name} has none` : "choose the bot first";
    return html`<label>Function
      <select data-testid="option-function" ?disabled=${functions.length === 0}
        @change=${this.#take("function")}>
        ${choice("", functions.length > 0 ? "none" : none, this.#set.function)}
        ${functions.map((name) => choice(name, name, this.#set.function))}
      </select>
    </label>`;
  }

  /** @param {keyof ReturnType<typeof nothingBut>} field @returns {(event: Event) => void} */
  #take(field) {
    return (event) => {
      const { value } = /** @type {HTMLInputElement} */ (event.target);
      this.#set = { ...this.#set, [field]: value };
      if (field === "account") this.#set.function = "";
      this.changed();
    };
  }

  /** @param {Event} event */
  #keepThem = (event) => {
    this.#keep = /** @type {HTMLInputElement} */ (event.target).checked;
    this.changed();
  };
}
