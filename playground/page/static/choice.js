// @ts-check
// A list to choose from while one writes: what the keyboard does in it.

/** @template T */
export class Choice {
  #id;
  index = 0;
  /** @type {T[]} */
  found = [];
  /** What stood there when the choice was refused with Esc. */
  refused = "";
  word = "";

  /** @param {string} id what the ids of the options begin with @param {() => void} changed */
  constructor(id, changed) {
    this.#id = id;
    this.changed = changed;
  }

  get isOpen() {
    return this.found.length > 0;
  }

  /** @returns {string} the id of the option the keyboard is at, or "" */
  get activeId() {
    return this.isOpen ? this.idOf(this.index) : "";
  }

  /** @param {number} index */
  idOf(index) {
    return `${this.#id}-${index}`;
  }

  /** What is being written; null for nothing that is chosen here. @param {string | null} word */
  write(word) {
    if (word === null) this.refused = "";
    if (word !== this.word) this.index = 0;
    this.word = word ?? "";
  }

  /**
   * @param {KeyboardEvent} event
   * @param {(one: T) => void} take
   * @param {string} refused what stands there if this is Esc
   * @returns {boolean} whether the key was meant for the choice
   */
  chooses(event, take, refused) {
    if (!this.isOpen) return false;
    const count = this.found.length;
    if (event.key === "ArrowDown") this.index = (this.index + 1) % count;
    else if (event.key === "ArrowUp") this.index = (this.index + count - 1) % count;
    else if (event.key === "Enter" || event.key === "Tab") take(this.found[this.index]);
    else if (event.key === "Escape") {
      this.refused = refused;
      this.found = [];
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    this.changed();
    return true;
  }
}

/** The box keeps the keyboard when an option is clicked. @param {Event} event */
export const keepFocus = (event) => event.preventDefault();
