// @ts-check
// What one can do with a message. The items are only there while the menu is open: there is a menu at every message.
import { icon } from "./icons.js";
import { html, nothing } from "./lit.js";
import { closeAround, place } from "./popover.js";
import { t } from "./texts.js";

/** @import {Message} from "./contract.js" */
/** @import {IconName} from "./icons.js" */
/** @import {Key} from "./texts.js" */
/** @import {Playground} from "./playground.js" */

/** @typedef {"copyText" | "copyId" | "reuse" | "again" | "againFault" | "edit" | "recall" | "about" | "delete"} Act */

/** @type {[Act, IconName, Key][]} */
const ITEMS = [
  ["copyText", "copy", "message.copyText"],
  ["copyId", "copy", "message.copyId"],
  ["reuse", "pencil", "message.reuse"],
  ["again", "replay", "message.again"],
  ["againFault", "bolt", "message.againFault"],
  ["edit", "pencil", "own.edit"],
  ["recall", "undo", "own.recall"],
  ["about", "request", "message.about"],
  ["delete", "trash", "message.delete"],
];

/** @type {Act[]} */
const OWN = ["again", "againFault", "edit", "recall"];
/** @type {Act[]} */
const OF_TEXT = ["copyText", "reuse"];

export class MessageMenu {
  #open = "";

  /** @param {Playground} app @param {Record<Act, (message: Message) => void>} acts */
  constructor(app, acts) {
    this.app = app;
    this.acts = acts;
  }

  /** @param {Message} message @param {boolean} tabStop the Tab key stops at its button */
  view = (message, tabStop) => {
    const id = `menu-${message.id}`;
    const at = place("roomier", "end", ".message");
    const toggled = (/** @type {Event} */ event) => {
      this.#open = /** @type {ToggleEvent} */ (event).newState === "open" ? message.id : "";
      this.app.changed();
      at(event);
    };
    return html`
      <button class="icon-button own" data-testid="message-menu" popovertarget=${id} tabindex=${tabStop ? 0 : -1}
        aria-label=${t("message.menu")} title=${t("message.menu")}>${icon("more")}</button>
      <div id=${id} popover class="popover menu" role="group" aria-label=${t("message.menu")} @beforetoggle=${toggled}>
        ${this.#open === message.id ? this.#items(message) : nothing}
      </div>
    `;
  };

  /** @param {Message} message */
  #items(message) {
    const can = ITEMS.filter(([act]) => this.#fits(act, message));
    return html`<ul>${can.map(
      ([act, name, key]) => html`<li><button class="menu-item" data-testid=${act}
        @click=${(/** @type {Event} */ event) => this.#do(event, act, message)}>${icon(name)}${t(key)}</button></li>`,
    )}</ul>`;
  }

  /** @param {Act} act @param {Message} message */
  #fits(act, message) {
    const isOwn = message.sender === this.app.me && message.changed !== "recalled";
    if (OWN.includes(act)) return isOwn && !(act === "edit" && message.medium);
    if (OF_TEXT.includes(act)) return message.text !== "" && message.changed !== "recalled";
    return act !== "about" || message.origin === "user";
  }

  /** @param {Event} event @param {Act} act @param {Message} message */
  #do(event, act, message) {
    closeAround(event);
    this.acts[act](message);
  }
}
