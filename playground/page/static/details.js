// @ts-check
// The facts of a step, each shown in the way of its format.
import { copyButton } from "./copy.js";
import { html, nothing } from "./lit.js";
import { t } from "./texts.js";
import { exact, inWords } from "./time.js";

/** @import {Detail, Message, WindowEntry} from "./contract.js" */

/** @param {Detail} detail @param {Message} question */
export function detailView(detail, question) {
  return html`<section class="detail" data-format=${detail.format}>
    <header><h3>${detail.label}</h3>${copyOf(detail)}</header>
    ${content(detail, question)}
  </section>`;
}

/** @param {Detail} detail */
function copyOf(detail) {
  if (detail.format === "json") return copyButton(JSON.stringify(detail.value, null, 2), t("inspector.copy"));
  if (detail.format === "code") return copyButton(detail.value, t("inspector.copy"));
  return nothing;
}

/** @param {Detail} detail @param {Message} question */
function content(detail, question) {
  switch (detail.format) {
    case "text":
      return html`<p class="plain" dir="auto">${detail.value}</p>`;
    case "code":
      return code(detail.label, detail.value);
    case "json":
      return code(detail.label, coloured(JSON.stringify(detail.value, null, 2)));
    case "headers":
      return html`<dl class="headers">
        ${detail.value.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
      </dl>`;
    case "table":
      return table(detail.label, detail.value.columns, detail.value.rows);
    case "window":
      return html`<ol class="window">${detail.value.map((entry) => windowEntry(entry, question.at))}</ol>`;
  }
}

/** @param {string} label @param {unknown} text */
const code = (label, text) =>
  html`<pre tabindex="0" role="group" aria-label=${label}><code>${text}</code></pre>`;

/** @param {string} label @param {string[]} columns @param {unknown[][]} rows */
function table(label, columns, rows) {
  return html`<div class="table-box" tabindex="0" role="group" aria-label=${label}><table>
    <thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

/** @param {WindowEntry} entry @param {number} asked when the message was written */
function windowEntry({ role, text, at, fate, why }, asked) {
  const age = at === null ? "" : at >= asked ? t("window.thisMessage") : t("window.before", { time: inWords(asked - at) });
  const cut = fate === "cut";
  return html`<li data-testid="window-entry" data-role=${role} data-fate=${fate}>
    <p class="window-head"><span class="role">${role}</span>
      ${at === null ? nothing : html`<time title=${exact(at)}>${age}</time>`}
      ${cut ? html`<span class="cut">${t("window.notSent", { why })}</span>` : nothing}</p>
    <p class="window-text" dir="auto">${cut ? html`<s>${text}</s>` : text}</p>
  </li>`;
}

const JSON_TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @param {string} json @returns {unknown[]} the same text, its names, strings and other values told apart */
function coloured(json) {
  const parts = [];
  let end = 0;
  for (const match of json.matchAll(JSON_TOKEN)) {
    const [token, string, colon] = match;
    const kind = colon ? "name" : string ? "string" : "value";
    const word = colon ? string : token;
    parts.push(json.slice(end, match.index), html`<span class="json-${kind}">${word}</span>`);
    end = match.index + word.length;
  }
  parts.push(json.slice(end));
  return parts;
}
