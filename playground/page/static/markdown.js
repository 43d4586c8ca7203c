// @ts-check
// Replies in Markdown. The server has rendered them and made them safe; nothing else on this page is put in
// as HTML.
import { codeBlock } from "./code.js";

/** @import {Message} from "./contract.js" */

/** @type {Map<string, {source: string, element: HTMLElement}>} one element for each message on the page */
const rendered = new Map();

/** @param {Message & {html: string}} message @returns {HTMLElement} the same one until the text changes */
export function markdown({ id, html }) {
  const known = rendered.get(id);
  if (known?.source === html) return known.element;
  const element = document.createElement("div");
  element.className = "markdown";
  element.dir = "auto";
  element.innerHTML = html;
  // What may scroll sideways must be reachable with the keyboard.
  for (const block of element.querySelectorAll("pre")) block.replaceWith(codeBlock(block));
  for (const table of element.querySelectorAll("table")) {
    const box = document.createElement("div");
    box.className = "table-box";
    box.tabIndex = 0;
    table.replaceWith(box);
    box.append(table);
  }
  rendered.set(id, { source: html, element });
  return element;
}
