// @ts-check
// The choice of names while an @word is being written in a group.
import { html, nothing } from "./lit.js";
import { face } from "./people.js";
import { t } from "./texts.js";

/** @import {Playground} from "./playground.js" */

const MENTION = /(^|\s)@([^\s@]*)$/u;

/** As the relay compares names, or nearly. @param {string} text */
const fold = (text) => text.normalize("NFKC").toLowerCase();

/** @param {Event} event */
const keepFocus = (event) => event.preventDefault();

export class Mentions {
  #index = 0;
  /** What stood there when the choice was refused with Esc: it stays away while that word grows. */
  #refused = "";
  /** @type {{accid: string, name: string}[]} */
  #found = [];
  #word = "";

  /**
   * @param {Playground} app
   * @param {(word: string, name: string) => void} onTake replaces the word by the name
   */
  constructor(app, onTake) {
    this.app = app;
    this.onTake = onTake;
  }

  get isOpen() {
    return this.#found.length > 0;
  }

  /** @returns {string} the id of the option the keyboard is at, or "" */
  get activeId() {
    return this.isOpen ? `mention-${this.#index}` : "";
  }

  /** Looks at what stands before the caret. @param {string} before @param {string[]} members */
  look(before, members) {
    const word = MENTION.exec(before)?.[2] ?? null;
    if (word !== this.#word) this.#index = 0;
    if (word === null) this.#refused = "";
    this.#word = word ?? "";
    const isRefused = this.#refused !== "" && `@${word}`.startsWith(this.#refused);
    const isOpen = word !== null && !isRefused;
    const accids = isOpen ? members.filter((accid) => accid !== this.app.me) : [];
    this.#found = accids
      .flatMap((accid) => {
        const name = this.#nameOf(accid);
        return name === undefined ? [] : [{ accid, name }];
      })
      .sort((a, b) => Number(this.app.world.bots.has(b.accid)) - Number(this.app.world.bots.has(a.accid)));
  }

  /**
   * What to call this account, as far as the word goes: a bot by the alias that is being written.
   * @param {string} accid @returns {string | undefined}
   */
  #nameOf(accid) {
    const { world } = this.app;
    const name = world.name(accid);
    const begins = (/** @type {string} */ text) => fold(text).startsWith(fold(this.#word));
    return begins(accid) || begins(name) ? name : world.bots.get(accid)?.aliases.find(begins);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was meant for the names */
  key(event) {
    if (!this.isOpen) return false;
    const count = this.#found.length;
    if (event.key === "ArrowDown") this.#index = (this.#index + 1) % count;
    else if (event.key === "ArrowUp") this.#index = (this.#index + count - 1) % count;
    else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#found[this.#index].name);
    else if (event.key === "Escape") this.#refuse();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    this.app.changed();
    return true;
  }

  view() {
    if (!this.isOpen) return nothing;
    return html`<ul class="mentions" id="mentions" role="listbox" aria-label=${t("write.members")} data-testid="mentions">
      ${this.#found.map(({ accid, name }, index) => {
        const isBot = this.app.world.bots.has(accid);
        return html`<li role="option" id="mention-${index}" aria-selected=${index === this.#index}
          data-testid="mention-option" data-accid=${accid}
          @mousedown=${keepFocus} @click=${() => this.#take(name)}>
          ${face(this.app.world, accid)}<bdi>${name}</bdi>
          ${isBot ? html`<small class="tag">${t("list.bot")}</small>` : nothing}
        </li>`;
      })}
    </ul>`;
  }

  /** @param {string} name */
  #take(name) {
    this.#found = [];
    this.onTake(`@${this.#word}`, name);
  }

  #refuse() {
    this.#refused = `@${this.#word}`;
    this.#found = [];
  }
}
