// @ts-check
import { icon } from "./icons.js";
import { html, nothing } from "./lit.js";
import { t } from "./texts.js";

/** What this page cannot see just now, and how it could. @param {string[]} sentences */
export function notVisible(sentences) {
  if (sentences.length === 0) return nothing;
  return html`<section class="invisible" data-testid="invisible" aria-label=${t("inspector.invisible")}>
    ${icon("info")}
    <ul>${[...new Set(sentences)].map((sentence) => html`<li>${sentence}</li>`)}</ul>
  </section>`;
}
