// @ts-check
// The switches that make the world misbehave.
import { badge, closeButton, icon } from "./icons.js";
import { html, live, nothing } from "./lit.js";
import { closeAround, place } from "./popover.js";
import { pieces, t } from "./texts.js";

/** @import {Fault, Scope} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

/** @type {[Scope | null, string, string][]} a word to see, and what else is read out */
const CHOICES = [
  [null, t("faults.choice.off"), ""],
  ["next", t("faults.choice.next"), t("faults.choice.nextMore")],
  ["on", t("faults.choice.on"), t("faults.choice.onMore")],
];
const SCOPE_WORDS = { next: t("faults.next"), on: t("faults.lasting") };

/** @param {Playground} app @returns {Fault[]} */
const active = (app) => app.world.faults.filter(({ scope }) => scope !== null);

/** Stands over everything while the world misbehaves. @param {Playground} app */
export function faultsBanner(app) {
  const faults = active(app);
  if (faults.length === 0) return nothing;
  return html`
    <section class="faults-banner" data-testid="faults-banner" aria-label=${t("faults.on")}>
      ${icon("bolt")}
      <p>
        ${faults.map(({ label, scope }) => html`<span><b>${label}</b> ${scope && SCOPE_WORDS[scope]}</span>`)}
      </p>
      <button class="quiet" data-testid="faults-off" @click=${() => turnOff(app)}>${t("faults.turnOff")}</button>
    </section>
  `;
}

/** The banner goes, and its button with it: the keyboard moves to the panel's. @param {Playground} app */
async function turnOff(app) {
  await app.clearFaults();
  /** @type {HTMLElement | null} */ (document.querySelector('[popovertarget="faults-panel"]'))?.focus();
}

/** The button in the head of the chat, and the panel that it opens. @param {Playground} app */
export function faultsButton(app) {
  const count = active(app).length;
  const groups = [...new Set(app.world.faults.map(({ group }) => group))];
  return html`
    <button class="icon-button labelled" data-testid="faults" popovertarget="faults-panel"
      title=${t("faults.title")}>
      ${icon("bolt")}<span class="label">${t("faults.button")}</span>${badge(count, t("faults.count"))}
    </button>
    <div id="faults-panel" popover class="popover faults" data-testid="faults-panel" role="group"
      aria-label=${t("faults.button")} @beforetoggle=${place("below", "end")}>
      <header class="panel-head">
        <h2>${t("faults.title")}</h2>
        ${closeButton(t("faults.close"), closeAround)}
      </header>
      <p class="faint">${pieces("faults.about", {
        once: html`<b>${t("faults.once")}</b>`,
        always: html`<b>${t("faults.always")}</b>`,
      })}</p>
      ${groups.map(
        (group) => html`
        <section>
          <h3>${group}</h3>
          ${app.world.faults.filter((fault) => fault.group === group).map((fault) => fieldOf(app, fault))}
        </section>`,
      )}
      ${host(app)}
    </div>
  `;
}

/** @param {Playground} app @param {Fault} fault */
function fieldOf(app, { name, label, explanation, scope, available }) {
  return html`
    <div class="fault" role="radiogroup" data-testid="fault" data-name=${name} data-scope=${scope ?? "off"}
      aria-labelledby="fault-${name}" aria-describedby="about-${name}">
      <div>
        <p class="fault-label" id="fault-${name}">${label}</p>
        <p class="faint" id="about-${name}">
          ${explanation}${available ? nothing : html` ${t("faults.unavailable")}`}
        </p>
      </div>
      <div class="segments">
        ${CHOICES.map(
          ([
            value,
            word,
            more,
          ]) => html`<label><input type="radio" name="fault-${name}" value=${value ?? "off"}
          ?disabled=${!available} .checked=${live(scope === value)}
          @change=${() => app.setFault(name, value)} /><span>${word}<span
          class="visually-hidden">${more}</span></span></label>`,
        )}
      </div>
    </div>
  `;
}

/** @param {Playground} app */
function host(app) {
  const { killable } = app.world.host;
  // What was said last may be long untrue where nobody answers.
  const state = app.connection === "live" ? app.world.host.state : "gone";
  return html`
    <section>
      <h3>${t("faults.host")}</h3>
      <div class="fault">
        <div>
          <p class="fault-label">${t("faults.kill")}
            ${killable ? html`<span class="state" data-testid="host-state" data-state=${state}>
              <span class="dot"></span>${t(`host.${state}`)}</span>` : nothing}</p>
          <p class="faint">${
            t(killable ? "faults.killAbout" : "faults.notOurs")
          }</p>
        </div>
        <button class="danger" data-testid="host-kill" ?disabled=${!killable}
          aria-disabled=${state !== "running"} @click=${() => state === "running" && app.killHost()}>
          ${icon("power")}${t("faults.killIt")}
        </button>
      </div>
    </section>
  `;
}
