// @ts-check
import { icon } from "./icons.js";
import { html } from "./lit.js";
import { t } from "./texts.js";

const SHOWN_MS = 1600;

/**
 * A button that copies, and says so for a moment.
 * @param {string} text
 * @param {string} words on the button
 * @param {string} [testId]
 */
export function copyButton(text, words, testId = "copy") {
  const copy = async (/** @type {Event} */ event) => {
    const said = /** @type {HTMLElement} */ (event.currentTarget).querySelector("span");
    await navigator.clipboard.writeText(text);
    if (!said) return;
    said.textContent = t("inspector.copied");
    setTimeout(() => (said.textContent = words), SHOWN_MS);
  };
  return html`<button class="quiet copy" data-testid=${testId} @click=${copy}>
    ${icon("copy")}<span role="status" .textContent=${words}></span>
  </button>`;
}
