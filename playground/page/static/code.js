// @ts-check
// A block of code in a reply: which language it is in, and a button that copies it.
import { copyButton } from "./copy.js";
import { html, render } from "./lit.js";
import { t } from "./texts.js";

const LANGUAGE = "language-";

/** @param {HTMLElement} block a `pre` as the server has rendered it @returns {HTMLElement} it, with a head */
export function codeBlock(block) {
  const code = block.querySelector("code");
  const name = [...(code?.classList ?? [])].find((word) => word.startsWith(LANGUAGE));
  const language = name?.slice(LANGUAGE.length) ?? t("code.unknown");
  const box = document.createElement("div");
  box.className = "code-block";
  const head = document.createElement("div");
  head.className = "code-head";
  render(
    html`<span data-testid="code-language">${language}</span>${copyButton(block.textContent ?? "", t("inspector.copy"), "code-copy")}`,
    head,
  );
  const shown = /** @type {HTMLElement} */ (block.cloneNode(true));
  shown.tabIndex = 0; // what may scroll sideways must be reachable with the keyboard
  shown.role = "group";
  shown.ariaLabel = language;
  box.append(head, shown);
  return box;
}
