// @ts-check
// The choice of names while an @word is being written in a group.
import { Choice, keepFocus } from "./choice.js";
import { html, nothing } from "./lit.js";
import { face } from "./people.js";
import { t } from "./texts.js";

/** @import {Playground} from "./playground.js" */

const MENTION = /(^|\s)@([^\s@]*)$/u;

/** As the relay compares names, or nearly. @param {string} text */
const fold = (text) => text.normalize("NFKC").toLowerCase();

/** @extends {Choice<{accid: string, name: string}>} */
export class Mentions extends Choice {
  /**
   * @param {Playground} app
   * @param {(word: string, name: string) => void} onTake replaces the word by the name
   */
  constructor(app, onTake) {
    super("mention", app.changed);
    this.app = app;
    this.onTake = onTake;
  }

  /** Looks at what stands before the caret. @param {string} before @param {string[]} members */
  look(before, members) {
    const word = MENTION.exec(before)?.[2] ?? null;
    this.write(word);
    // Refused, it stays away while that word grows.
    const isRefused = this.refused !== "" && `@${word}`.startsWith(this.refused);
    const isOpen = word !== null && !isRefused;
    const accids = isOpen ? members.filter((accid) => accid !== this.app.me) : [];
    this.found = accids
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
    const begins = (/** @type {string} */ text) => fold(text).startsWith(fold(this.word));
    return begins(accid) || begins(name) ? name : world.bots.get(accid)?.aliases.find(begins);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was meant for the names */
  key(event) {
    return this.chooses(event, ({ name }) => this.#take(name), `@${this.word}`);
  }

  view() {
    if (!this.isOpen) return nothing;
    return html`<ul class="mentions" id="mentions" role="listbox" aria-label=${t("write.members")} data-testid="mentions">
      ${this.found.map(({ accid, name }, index) => {
        const isBot = this.app.world.bots.has(accid);
        return html`<li role="option" id=${this.idOf(index)} aria-selected=${index === this.index}
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
    this.found = [];
    this.onTake(`@${this.word}`, name);
  }
}
