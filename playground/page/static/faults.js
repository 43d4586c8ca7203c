// @ts-check
// The switches that make the world misbehave.
import { badge, closeButton, icon } from "./icons.js";
import { html, live, nothing } from "./lit.js";
import { closeAround, place } from "./popover.js";

/** @import {Fault, Scope} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

/** @type {[Scope | null, string, string][]} a word to see, and what else is read out */
const CHOICES = [
  [null, "Off", ""],
  ["next", "Once", ", for the next message"],
  ["on", "Always", ", until switched off"],
];
const SCOPE_WORDS = { next: "next message", on: "until switched off" };

/** @param {Playground} app @returns {Fault[]} */
const active = (app) => app.world.faults.filter(({ scope }) => scope !== null);

/** Stands over everything while the world misbehaves. @param {Playground} app */
export function faultsBanner(app) {
  const faults = active(app);
  if (faults.length === 0) return nothing;
  return html`
    <section class="faults-banner" data-testid="faults-banner" aria-label="Faults that are on">
      ${icon("bolt")}
      <p>
        ${faults.map(({ label, scope }) => html`<span><b>${label}</b> ${scope && SCOPE_WORDS[scope]}</span>`)}
      </p>
      <button class="quiet" data-testid="faults-off" @click=${() => turnOff(app)}>Turn off</button>
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
      title="Make things go wrong">
      ${icon("bolt")}<span class="label">Faults</span>${badge(count, "on")}
    </button>
    <div id="faults-panel" popover class="popover faults" data-testid="faults-panel" role="group"
      aria-label="Faults" @beforetoggle=${place("below", "end")}>
      <header class="panel-head">
        <h2>Make things go wrong</h2>
        ${closeButton("Close the faults", closeAround)}
      </header>
      <p class="faint">For the next message (<b>once</b>) or until switched off (<b>always</b>). The inspector
        shows how the relay copes.</p>
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
          ${explanation}${available ? nothing : " Not possible in this mode."}
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
  const { state, killable } = app.world.host;
  return html`
    <section>
      <h3>Host</h3>
      <div class="fault">
        <div>
          <p class="fault-label">Kill the function host
            ${killable ? html`<span class="state" data-testid="host-state" data-state=${state}>
              <span class="dot"></span>${state}</span>` : nothing}</p>
          <p class="faint">${
            killable
              ? "Ends at once, as in a crash, and comes back; its work is taken up when the lease ends."
              : "This host was not started by the playground: it cannot be killed from here."
          }</p>
        </div>
        <button class="danger" data-testid="host-kill" ?disabled=${!killable}
          aria-disabled=${state !== "running"} @click=${() => state === "running" && app.killHost()}>
          ${icon("power")}Kill it
        </button>
      </div>
    </section>
  `;
}
