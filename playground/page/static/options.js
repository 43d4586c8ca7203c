// @ts-check
// What the next message carries for the bot besides its text (robotInfo), and by which input it arrives.
import { html, live, nothing } from "./lit.js";
import { t } from "./texts.js";
import { topicsOf } from "./topics.js";

/** @import {Bot, Conversation, Input, RobotInfo} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

/** @type {[Input, string, string][]} */
const INPUTS = [
  ["copy", t("options.copy"), t("options.copyAbout")],
  ["chatbot", t("options.chatbot"), t("options.chatbotAbout")],
  ["both", t("options.both"), t("options.bothAbout")],
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

  /** @param {string | null} open the topic that is open @returns {{robot?: RobotInfo, input: Input}} what to send along */
  contentIn(open) {
    const { input, ...fields } = this.#set;
    fields.topic ||= open ?? "";
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
      <section class="options" id="options-panel" aria-label=${t("options.label")}>
        <div class="options-grid">
          ${isTeam ? this.#account(bots) : nothing}
          ${this.#function(bot)}
          <label>${t("options.topic")}
            <input data-testid="option-topic" maxlength="64" dir="auto" list="known-topics"
              placeholder=${t("options.topicHint")}
              .value=${live(this.#set.topic)} @input=${this.#take("topic")} />
            <datalist id="known-topics">${[...topicsOf(app.world, conversation.chat).keys()].map(
              (topic) => html`<option value=${topic}></option>`,
            )}</datalist>
          </label>
          <label class="wide">${t("options.custom")}
            <textarea data-testid="option-custom" rows="2" dir="auto"
              placeholder=${t("options.customHint")}
              .value=${live(this.#set.customContent)} @input=${this.#take("customContent")}></textarea>
          </label>
        </div>
        <fieldset>
          <legend>${t("options.arrives")}</legend>
          ${INPUTS.map(
            ([value, word, about]) => html`<label class="radio"><input type="radio" name="input"
            data-testid="option-input" value=${value} .checked=${live(this.#set.input === value)}
            @change=${this.#take("input")} /><span>${word} <small>${about}</small></span></label>`,
          )}
        </fieldset>
        <p class="options-end">
          <label class="radio"><input type="checkbox" data-testid="option-keep" .checked=${live(this.#keep)}
            @change=${this.#keepThem} /><span>${t("options.keep")}</span></label>
          <button class="quiet" @click=${() => this.clear()}>${t("options.clear")}</button>
        </p>
      </section>
    `;
  }

  /** @param {Bot[]} bots */
  #account(bots) {
    return html`<label>${t("options.bot")}
      <select data-testid="option-account" @change=${this.#take("account")}>
        ${choice("", t("options.mentioned"), this.#set.account)}
        ${bots.map(({ accid, name }) => choice(accid, name, this.#set.account))}
      </select>
    </label>`;
  }

  /** @param {Bot | undefined} bot */
  #function(bot) {
    const functions = bot?.functions ?? [];
    const none = bot ? t("options.noFunctions", { bot: bot.name }) : t("options.chooseBot");
    return html`<label>${t("options.function")}
      <select data-testid="option-function" ?disabled=${functions.length === 0}
        @change=${this.#take("function")}>
        ${choice("", functions.length > 0 ? t("options.none") : none, this.#set.function)}
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
