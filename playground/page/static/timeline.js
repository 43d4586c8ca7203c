// @ts-check
// The steps of a message, one below the other, each with its share of the whole time.
import { detailView } from "./details.js";
import { icon, stepIcon } from "./icons.js";
import { html, nothing, repeat } from "./lit.js";
import { notVisible } from "./invisible.js";
import { pieces, t } from "./texts.js";
import { duration, exact } from "./time.js";

/** @import {Message, Step, Timeline} from "./contract.js" */

// The bars are drawn on a grid of so many units; the least that can be seen is a few of them.
const GRID = 1000;
const LEAST = 6;

/** @typedef {{from: number, length: number}} Span the time that the bars stand for, in milliseconds */

/** @param {Timeline | null} timeline @param {Message} question @param {string[]} invisible */
export function timelineView(timeline, question, invisible) {
  if (timeline === null) return html`<p class="working">${t("page.looking")}</p>`;
  const span = wholeSpan(timeline.steps);
  const spent = timeline.complete ? span.length : Math.max(Date.now() - span.from, span.length);
  return html`
    <p class="total"><span role="status">${t(timeline.complete ? "timeline.done" : "timeline.underWay")}</span>${pieces(
      timeline.complete ? "timeline.doneIn" : "timeline.soFar",
      { time: html`<b data-testid="spent">${duration(spent)}</b>` },
    )}</p>
    ${stepList(timeline.steps, span, question)}
    ${notVisible([...timeline.missing, ...invisible])}
  `;
}

/** @param {Step[]} steps @returns {Span} */
function wholeSpan(steps) {
  const all = steps.flatMap((step) => [step, ...step.children]);
  const from = Math.min(...all.map(({ at }) => at));
  const to = Math.max(...all.map(({ at, ms }) => at + (ms ?? 0)));
  return { from, length: Math.max(to - from, 1) };
}

/**
 * Each step is known by its kind and which of that kind it is, so that one stays open while others come.
 * @param {Step[]} steps
 * @param {Span} span
 * @param {Message} question
 * @param {boolean} [isNested]
 * @returns {unknown}
 */
function stepList(steps, span, question, isNested = false) {
  /** @type {Record<string, number>} */
  const counts = {};
  const keyed = steps.map((step) => {
    counts[step.kind] = (counts[step.kind] ?? 0) + 1;
    return { step, key: `${step.kind} ${counts[step.kind]}` };
  });
  return html`<ol class=${isNested ? "steps nested" : "steps"}>
    ${repeat(
      keyed,
      ({ key }) => key,
      ({ step }) => stepView(step, span, question),
    )}
  </ol>`;
}

/** @param {Step} step @param {Span} span @param {Message} question */
function stepView(step, span, question) {
  const { kind, status, details, children } = step;
  const nested = children.length > 0 ? stepList(children, span, question, true) : nothing;
  // The steps of a turn or a round are what one has come to see, and a turn may run in the webhook's request; the storage calls of a step open with its details.
  const isWork = kind === "turn" || kind === "round" || children.some((child) => child.kind === "model");
  const [inside, below] = isWork ? [nothing, nested] : [nested, nothing];
  const head = headOf(step, span);
  const facts = html`
    <details @toggle=${opened}><summary>${head}</summary>
      <div class="step-details">${details.map((detail) => detailView(detail, question))}${inside}</div>
    </details>
  `;
  return html`
    <li class="step" data-testid="step" data-kind=${kind} data-status=${status}>
      <span class="step-icon">${icon(stepIcon(kind))}</span>
      ${details.length > 0 || inside !== nothing ? facts : html`<div class="step-head">${head}</div>`}
      ${below}
    </li>
  `;
}

/** What one has opened is seen, as far as it fits. @param {Event} event */
function opened(event) {
  const details = /** @type {HTMLDetailsElement} */ (event.target);
  if (!details.open) return;
  const room = details.closest(".inspector-body")?.clientHeight ?? 0;
  details.scrollIntoView({ block: details.offsetHeight > room ? "start" : "nearest" });
}

/** @param {Step} step @param {Span} span */
function headOf({ title, status, summary, at, ms }, span) {
  return html`
    <span class="step-title"><span dir="auto">${title}</span>
      <span class=${status === "ok" ? "visually-hidden" : "step-status"}>${t(`step.${status}`)}</span></span>
    <span class="step-ms" title=${exact(at)}>${ms === null ? nothing : duration(ms)}</span>
    <span class="step-summary" dir="auto">${summary}</span>
    ${bar(at - span.from, ms ?? 0, span.length)}
  `;
}

/** When it was and how long, of all the time. @param {number} start @param {number} ms @param {number} all */
function bar(start, ms, all) {
  const width = Math.max((ms / all) * GRID, LEAST);
  const x = Math.min((start / all) * GRID, GRID - width);
  return html`<svg class="bar" viewBox="0 0 ${GRID} 4" preserveAspectRatio="none" aria-hidden="true">
    <rect class="bar-track" width=${GRID} height="4" />
    <rect class="bar-time" x=${x} width=${width} height="4" />
  </svg>`;
}
