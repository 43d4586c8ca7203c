// @ts-check
// A small choice of emoji, found by name or with the arrow keys.
import { createRef, html, live, ref } from "./lit.js";
import { place } from "./popover.js";
import { t } from "./texts.js";

/** @import {Ref} from "./lit.js" */

const COLUMNS = 8;

const EMOJI = /** @type {const} */ ([
  "😀", "😄", "😂", "🙂", "😉", "😊", "😍", "😎", "🤔", "😅", "😢", "😭", "😡", "😱",
  "😴", "🤯", "🥳", "🤖", "👋", "👍", "👎", "🙏", "💪", "👀", "🤞", "👌", "❤️", "🔥",
  "✨", "⭐", "💯", "✅", "❌", "❓", "💡", "🎉", "🎂", "☕", "🍕", "🌞", "🌧️", "🌍",
  "🐱", "🐶", "🐛", "🚀", "🚋", "✈️", "🏕️", "🏠", "💻", "📱", "📷", "⏰", "🔒", "💬",
]);

export class EmojiPicker {
  /** @type {Ref<HTMLElement>} */
  #panel = createRef();
  #query = "";

  /** @param {() => void} changed @param {(emoji: string) => void} onPick */
  constructor(changed, onPick) {
    this.changed = changed;
    this.onPick = onPick;
  }

  view() {
    const words = this.#query.toLowerCase();
    const found = EMOJI.filter((emoji) => t(`emoji.${emoji}`).includes(words));
    return html`
      <div id="emoji-picker" popover class="popover emoji-picker" data-testid="emoji-picker" role="group"
        aria-label=${t("write.emoji")} ${ref(this.#panel)} @keydown=${this.#key}
        @beforetoggle=${place("above", "start", ".composer-box")} @toggle=${this.#toggled}>
        <input type="search" aria-label=${t("write.emojiFind")} placeholder=${t("write.emojiHint")} autofocus autocomplete="off"
          .value=${live(this.#query)} @input=${this.#search} />
        <div class="emoji-grid">
          ${found.map((emoji) => {
            const names = t(`emoji.${emoji}`);
            return html`<button data-testid="emoji-option" data-emoji=${emoji} aria-label=${names} title=${names}
              @click=${() => this.#pick(emoji)}>${emoji}</button>`;
          })}
        </div>
        ${found.length === 0 ? html`<p class="faint">${t("write.emojiNone")}</p>` : ""}
      </div>
    `;
  }

  /** @param {string} emoji */
  #pick(emoji) {
    this.#panel.value?.hidePopover();
    this.onPick(emoji);
  }

  /** @param {Event} event */
  #search = (event) => {
    this.#query = /** @type {HTMLInputElement} */ (event.target).value;
    this.changed();
  };

  #toggled = () => {
    this.#query = "";
    this.changed();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    const buttons = [...(this.#panel.value?.querySelectorAll("button") ?? [])];
    const here = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    if (here < 0 && event.key === "Enter") buttons[0]?.click();
    if (step === undefined || (here < 0 && event.key !== "ArrowDown")) return;
    event.preventDefault();
    if (here < 0) buttons[0]?.focus();
    else if (here + step < 0) this.#panel.value?.querySelector("input")?.focus();
    else buttons[Math.min(here + step, buttons.length - 1)]?.focus();
  };
}
