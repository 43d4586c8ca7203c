// @ts-check
// A bot's card: what it is told, what it remembers, whom it answers how often, and what this chat has taken.
import { loadCard, loadUsage } from "./api.js";
import { copyButton } from "./copy.js";
import { html, nothing } from "./lit.js";
import { Modal } from "./modal.js";
import { t } from "./texts.js";

/** @import {BotCard, Limit, Tokens, Usage} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

const TOKENS = /** @type {const} */ (["calls", "prompt", "completion", "cached", "reasoning"]);

export class CardDialog {
  /** @type {BotCard[]} of a group: of each of its bots */
  #cards = [];
  /** @type {Usage | null} */
  #usage = null;

  /** @param {Playground} app */
  constructor(app) {
    this.app = app;
    this.modal = new Modal(app.changed, "bot-card", true);
  }

  async open() {
    const { app } = this;
    const { chat, members } = app.conversation ?? { chat: "", members: [] };
    const bots = members.filter((accid) => app.world.bots.has(accid));
    const cards = Promise.all(bots.map((accid) => loadCard(accid, app.me)));
    const found = await app.attempt(Promise.all([cards, loadUsage(chat)]));
    if (found === null) return;
    [this.#cards, this.#usage] = found;
    this.modal.open();
  }

  view() {
    return this.modal.view(
      t("card.title"),
      () => html`${this.#cards.map(cardView)}${this.#usage ? usageView(this.#usage) : nothing}`,
    );
  }
}

/** @param {BotCard} card */
function cardView({ name, accid, aliases, models, tools, functions, prompt, settings, limits, limits_note }) {
  /** @type {[string, string[]][]} */
  const lists = [
    [t("card.aliases"), aliases],
    [t("card.models"), models],
    [t("card.tools"), tools],
    [t("card.functions"), functions],
  ];
  return html`
    <section class="bot-card" data-testid="card-bot" data-accid=${accid}>
      <h3><bdi>${name}</bdi> <code>${accid}</code></h3>
      <div class="card-prompt"><h4>${t("card.prompt")}</h4>${copyButton(prompt, t("inspector.copy"))}</div>
      <p class="plain card-text" dir="auto" tabindex="0" role="group" aria-label=${t("card.prompt")}>${prompt}</p>
      <h4>${t("card.limits")}</h4>
      ${limits.length === 0 ? html`<p class="faint">${t("card.noLimits")}</p>` : nothing}
      <ul>${limits.map((limit) => html`<li data-testid="limit">${limitWords(limit)}</li>`)}</ul>
      ${limits_note ? html`<p class="faint">${t(`limits.${limits_note}`)}</p>` : nothing}
      <h4>${t("card.settings")}</h4>
      <dl class="headers">
        ${lists.map(
          ([label, values]) =>
            html`<div><dt>${label}</dt><dd>${values.join(t("page.list")) || t("options.none")}</dd></div>`,
        )}
        ${settings.map(([key, value]) => html`<div><dt><code>${key}</code></dt><dd>${value}</dd></div>`)}
      </dl>
    </section>
  `;
}

/** @param {Limit} limit @returns {string} */
function limitWords({ who, what, most, left }) {
  const rate = t(`limits.${who}`, { rate: t(`limits.${what}`, { most }) });
  return left === null ? rate : t("limits.left", { rate, left });
}

/** @param {Usage} usage */
function usageView({ visible, models, ...whole }) {
  if (!visible) return html`<p class="faint">${t("card.noUsage")}</p>`;
  /** @type {[string, Tokens][]} */
  const rows = [...models.map(({ model, ...tokens }) => /** @type {[string, Tokens]} */ ([model, tokens])), [t("card.all"), whole]];
  return html`
    <h4>${t("card.usage")}</h4>
    <div class="table-box" tabindex="0" role="group" aria-label=${t("card.usage")}><table data-testid="usage">
      <thead><tr><th scope="col">${t("card.model")}</th>
        ${TOKENS.map((name) => html`<th scope="col">${t(`tokens.${name}`)}</th>`)}</tr></thead>
      <tbody>${rows.map(
        ([name, tokens]) => html`<tr><th scope="row">${name}</th>${TOKENS.map((key) => html`<td>${tokens[key]}</td>`)}</tr>`,
      )}</tbody>
    </table></div>
  `;
}
