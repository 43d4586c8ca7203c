// @ts-check
// The choice of commands while one is being written. They are the relay's; see relay/turn/commands.py.
import { Choice, keepFocus } from "./choice.js";
import { html, nothing } from "./lit.js";
import { t } from "./texts.js";

/** @import {Key} from "./texts.js" */

/** @type {{names: string[], about: Key}[]} */
const COMMANDS = [
  { names: ["help", "帮助"], about: "slash.help" },
  { names: ["new", "新对话"], about: "slash.new" },
  { names: ["forget", "忘记"], about: "slash.forget" },
];

const COMMAND = /^(@[^\n]*\s)?[/、](\p{L}*)$/u;

/** @extends {Choice<{name: string, about: Key}>} */
export class Slash extends Choice {
  /** @param {() => void} changed @param {(name: string, written: number) => void} onTake replaces so many characters */
  constructor(changed, onTake) {
    super("slash", changed);
    this.onTake = onTake;
  }

  /** Looks at what stands before the caret. @param {string} before @param {boolean} hasBot somebody takes commands */
  look(before, hasBot) {
    const word = hasBot ? (COMMAND.exec(before)?.[2] ?? null) : null;
    this.write(word);
    const wanted = this.word.toLowerCase();
    const isOpen = word !== null && this.refused !== before;
    const all = COMMANDS.flatMap(({ names, about }) => names.map((name) => ({ name, about })));
    const fitting = all.filter(({ name }) => name.startsWith(wanted));
    // Written to its end there is nothing to choose: Enter sends it.
    this.found = isOpen && !fitting.some(({ name }) => name === wanted) ? fitting : [];
  }

  /** @param {KeyboardEvent} event @param {string} before @returns {boolean} whether the key was meant for the commands */
  key(event, before) {
    return this.chooses(event, ({ name }) => this.#take(name), before);
  }

  close() {
    this.found = [];
  }

  view() {
    if (!this.isOpen) return nothing;
    return html`<ul class="mentions" id="commands" role="listbox" aria-label=${t("slash.label")} data-testid="commands">
      ${this.found.map(
        ({ name, about }, index) => html`<li role="option" id=${this.idOf(index)} aria-selected=${index === this.index}
        data-testid="command" data-name=${name} @mousedown=${keepFocus} @click=${() => this.#take(name)}>
        <code>/${name}</code> <span class="faint">${t(about)}</span></li>`,
      )}
    </ul>`;
  }

  /** @param {string} name */
  #take(name) {
    this.found = [];
    this.onTake(name, this.word.length + 1);
  }
}
