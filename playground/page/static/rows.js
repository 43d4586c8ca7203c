// @ts-check
// What Table Storage holds of this conversation, and until when.
import { html, nothing } from "./lit.js";
import { pieces, t } from "./texts.js";
import { clock, exact, inWords } from "./time.js";

/** @import {Message, Rows, StoredCall, StoredRow} from "./contract.js" */

/** @param {Rows | null} rows @param {Message} question */
export function rowsView(rows, question) {
  if (rows === null) return html`<p class="working">${t("page.looking")}</p>`;
  const now = Date.now();
  return html`
    ${rows.partition ? html`<p class="partition">${pieces("rows.partition", { partition: html`<code>${rows.partition}</code>` })}</p>` : nothing}
    ${rows.note ? html`<p class="faint">${rows.note}</p>` : nothing}
    ${
      rows.lease
        ? html`<p class="lease">${pieces(rows.lease.until > now ? "rows.lease" : "rows.leaseNow", {
          owner: html`<code>${rows.lease.owner}</code>`,
          time: inWords(rows.lease.until - now),
        })}</p>`
        : nothing
    }
    ${rows.tables.length === 0 ? html`<p class="working">${t("rows.nothing")}</p>` : nothing}
    ${rows.tables.map(
      ({ name, expires_at, rows: stored }) => html`
      <section class="row-table" data-testid="row-table" data-name=${name}>
        <h3><code>${name}</code></h3>
        <p class="faint" title=${exact(expires_at)}>${
          expires_at > now
            ? t("rows.goes", { time: inWords(expires_at - now) })
            : t("rows.goesNow")
        }</p>
        <ul>${stored.map((row) => rowView(row, row.about.includes(question.id)))}</ul>
      </section>`,
    )}
  `;
}

/** @param {StoredRow} row @param {boolean} current whether it is about the selected message */
function rowView({ key, kind, state, at, text, calls, asks, excluded, forgotten }, current) {
  return html`<li class="row" data-testid="row" data-key=${key} data-kind=${kind} data-state=${state}
    data-current=${current}>
    <p class="row-head"><span class="role">${kind}</span><span class="row-state">${state}</span>
      ${current ? html`<span class="tag">${t("rows.current")}</span>` : nothing}
      ${asks ? html`<span class="tag">${t(asks === "open" ? "rows.asks" : "rows.asked")}</span>` : nothing}
      ${excluded ? html`<span class="cut">${t("rows.excluded")}</span>` : nothing}
      ${forgotten ? html`<span class="cut">${t("rows.erased")}</span>` : nothing}
      <time title=${exact(at)}>${clock(at)}</time></p>
    ${text ? html`<p class="row-text" dir="auto">${text}</p>` : nothing}
    ${calls.length > 0 ? html`<ol class="row-calls">${calls.map(callView)}</ol>` : nothing}
    <code class="row-key">${key}</code>
  </li>`;
}

/** @param {StoredCall} call */
const callView = ({ name, arguments: given, result, outcome }) => html`<li data-testid="row-call">
  <code>${name}</code> <code dir="auto">${given}</code>
  ${
    result === null
      ? html`<span class="cut">${t("rows.noResult")}</span>`
      : html`→ <span dir="auto">${result}</span>${outcome === "ok" ? nothing : html` <span class="cut">${outcome}</span>`}`
  }
</li>`;
