// @ts-check
// Faces: a picture where there is one that may be shown, else coloured initials.
import { html } from "./lit.js";

/** @import {Conversation} from "./contract.js" */
/** @import {World} from "./world.js" */

const HUES = 8;

/** @param {string} name @returns {string} one or two letters */
export function initials(name) {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0] ?? "?"];
  return letters
    .map((word) => [...word][0])
    .join("")
    .toUpperCase();
}

/** The same account has the same colour everywhere. @param {string} id @returns {number} */
export function hue(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return sum % HUES;
}

/**
 * Decoration: the name always stands beside it. Pictures from elsewhere are not loaded: this page asks nobody
 * but its own server.
 * @param {World} world
 * @param {string} id accid, or a team's id
 * @param {Conversation["kind"]} [kind]
 */
export function face(world, id, kind) {
  const bot = world.bots.get(id);
  const name = kind === "team" ? (world.teams.get(id)?.name ?? id) : world.name(id);
  const picture = bot?.avatar?.startsWith("data:") ? html`<img src=${bot.avatar} alt="" />` : initials(name);
  return html`<span class="avatar" data-hue=${hue(id)} data-shape=${kind ?? (bot ? "bot" : "person")}
    aria-hidden="true">${picture}</span>`;
}
