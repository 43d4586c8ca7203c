// @ts-check
// What the page has to tell beside everything else: each notice by itself, until it was read.
import { closeButton, icon } from "./icons.js";
import { html, repeat } from "./lit.js";
import { t } from "./texts.js";

// Time to find a notice, and to read each of its characters.
const SEEN_MS = 4000;
const CHARACTER_MS = 60;

/** @typedef {{id: number, sentence: string}} Notice */

export class Notices {
  /** @type {Notice[]} the oldest first */
  #notices = [];
  #last = 0;

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** Tells something; what is there already is told once, and stays longer. @param {string} sentence */
  tell(sentence) {
    this.#last += 1;
    const notice = { id: this.#last, sentence };
    this.#notices = [...this.#notices.filter((other) => other.sentence !== sentence), notice];
    this.#expire(notice);
    this.changed();
  }

  /** @param {() => void} closed called when one was closed by its button, which goes with it */
  view(closed) {
    return repeat(
      this.#notices,
      ({ id }) => id,
      ({ id, sentence }) => html`
        <p class="notice bad" data-testid="notice" data-notice=${id}>
          ${icon("warn")}<span dir="auto">${sentence}</span>
          ${closeButton(t("page.dismiss"), () => (this.#close(id), closed()), "notice-close")}
        </p>
      `,
    );
  }

  /** Takes it away when it was to be read for long enough; not while somebody is at it. @param {Notice} notice */
  #expire({ id, sentence }) {
    setTimeout(
      () => {
        const shown = document.querySelector(`[data-notice="${id}"]`);
        if (shown?.matches(":hover, :focus-within")) this.#expire({ id, sentence });
        else this.#close(id);
      },
      SEEN_MS + CHARACTER_MS * sentence.length,
    );
  }

  /** @param {number} id */
  #close(id) {
    this.#notices = this.#notices.filter((notice) => notice.id !== id);
    this.changed();
  }
}
