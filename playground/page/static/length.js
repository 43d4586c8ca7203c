// @ts-check
// How much fits into a message: said before one gets there.
import { html, nothing } from "./lit.js";
import { t } from "./texts.js";

/** The platform's limit for a text, in characters. */
const MOST = 5000;

// From here on the rest is counted.
const NEAR = MOST - 500;

/** @param {string} text @returns {number} as the platform counts: an emoji is one, or a few */
const length = (text) => [...text].length;

/** @param {string} text @returns {boolean} */
export const isTooLong = (text) => length(text) > MOST;

/** How many more there may be, once that is worth a word. @param {string} text */
export function roomLeft(text) {
  const left = MOST - (text.length > NEAR ? length(text) : 0);
  const words = left > MOST - NEAR ? nothing : t(left < 0 ? "write.over" : "write.left", { count: Math.abs(left), most: MOST });
  return html`<p role="status" class=${left < 0 ? "room over" : "room"} data-testid="room">${words}</p>`;
}
