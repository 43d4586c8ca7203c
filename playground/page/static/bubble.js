// @ts-check
// One message.
import { icon } from "./icons.js";
import { html, nothing } from "./lit.js";
import { markdown } from "./markdown.js";
import { mediumView } from "./medium.js";
import { face } from "./people.js";
import { t } from "./texts.js";
import { clock, duration, exact } from "./time.js";

/** @import {IconName} from "./icons.js" */
/** @import {Message, Status} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

// Longer messages are folded.
const LONG_CHARS = 1100;
const LONG_LINES = 18;

/** @type {Record<Status, IconName>} */
const STATUS = {
  sending: "clock",
  waiting: "clock",
  answered: "check",
  limited: "limits",
  ignored: "skip",
  refused: "error",
  failed: "warn",
  delivered: "check",
};

/** How the content of each kind of message is shown. @type {Record<string, (message: Message) => unknown>} */
const CONTENT = {
  markdown: (message) => markdown(/** @type {Message & {html: string}} */ (message)),
  text: (message) => html`<p class="plain" dir="auto">${message.text}</p>`,
};

/** @param {Message} message @returns {keyof typeof CONTENT} */
const kindOf = (message) => (message.html === null ? "text" : "markdown");

/** @param {string} text */
const isLong = (text) => text.length > LONG_CHARS || text.split("\n").length > LONG_LINES;

/**
 * @param {Playground} app
 * @param {Message} message
 * @param {{follows: boolean, unfolded: boolean, tabStop: boolean, onUnfold: () => void,
 *   menu: (message: Message, tabStop: boolean) => unknown}} how
 *   follows: the message before is by the same sender; tabStop: the Tab key stops here
 */
export function bubble(app, message, { follows, unfolded, tabStop, onUnfold, menu }) {
  const mine = message.sender === app.me;
  const name = app.world.name(message.sender);
  const long = isLong(message.text);
  const classes = ["message", mine && "mine", follows && "follows", app.fresh.has(message.id) && "fresh"];
  const selected = message.id === app.selected;
  const related =
    !selected && app.inspectedQuestion !== null && app.world.questionOf(message) === app.inspectedQuestion;
  const open = (/** @type {MouseEvent} */ event) => {
    const onControl = /** @type {Element} */ (event.target).closest("a, button, audio, video, [popover]");
    if (!onControl && String(getSelection()) === "") app.select(message.id);
  };
  const unfolding = html`
    <button class="show-all" data-testid="show-all" aria-expanded=${unfolded} @click=${onUnfold}>
      ${t(unfolded ? "bubble.less" : "bubble.all")}
    </button>
  `;
  return html`
    <article class=${classes.filter(Boolean).join(" ")} data-testid="message" data-id=${message.id}
      data-sender=${message.sender} data-status=${message.status} data-origin=${message.origin}
      data-related=${related} data-changed=${message.changed} data-growing=${message.growing}
      aria-busy=${message.growing ? "true" : nothing} aria-current=${selected ? "true" : nothing}
      aria-label=${t("bubble.label", { name, time: clock(message.at) })} tabindex=${tabStop ? 0 : -1} @click=${open}>
      ${mine ? nothing : face(app.world, message.sender)}
      <div class="bubble-column">
        ${mine || follows || message.team === null ? nothing : html`<bdi class="sender">${name}</bdi>`}
        <div class="bubble">
          <div class=${long && !unfolded ? "content folded" : "content"}>
            ${message.medium ? mediumView(message.medium) : nothing}
            ${message.medium && message.text === "" ? nothing : CONTENT[kindOf(message)](message)}
          </div>
          ${long ? unfolding : nothing}
        </div>
        ${robotTags(app, message)}
        ${faultTags(app, message)}
        <p class="meta">
          <time title=${exact(message.at)}>${clock(message.at)}</time>
          ${message.changed === "edited" ? html`<span>${t("bubble.edited")}</span>` : nothing}
          ${message.origin === "user" ? status(app, message) : nothing}
        </p>
      </div>
      <button class="icon-button inspect" tabindex="-1" aria-label=${t("bubble.inspect")}
        title=${t("bubble.inspectTitle")}
        @click=${() => app.select(message.id)}>${icon("panel")}</button>
      ${menu(message, tabStop)}
    </article>
  `;
}

/** How long it is until the lease of a turn that died ends. @param {Message} message @param {number} now */
export const untilAgain = ({ again_at }, now) => (again_at === null ? 0 : Math.max(0, again_at - now));

/** @param {Playground} app @param {Message} message */
function status(app, message) {
  const left = untilAgain(message, Date.now());
  // The count is not read out at every second.
  if (left > 0) {
    return html`<span class="status" data-testid="status" aria-live="off">${icon("clock")}<span
      data-testid="again">${t("bubble.again", { time: duration(left) })}</span></span>`;
  }
  const words =
    message.status === "waiting" && message.bot
      ? t("bubble.waitingFor", { name: app.world.name(message.bot) })
      : t(`status.${message.status}`);
  return html`<span class="status" data-testid="status">${icon(STATUS[message.status])}<span>${words}</span>${
    message.reason ? html`<span class="reason">${message.reason}</span>` : nothing
  }</span>`;
}

/** What was to go wrong with the message. @param {Playground} app @param {Message} message */
function faultTags({ world }, { faults }) {
  if (faults.length === 0) return nothing;
  const labels = new Map(world.faults.map(({ name, group, label }) => [name, t("bubble.fault", { group, label })]));
  return html`<ul class="robot" aria-label=${t("bubble.faults")}>${faults.map(
    (name) => html`<li class="tag fault-tag" data-testid="fault-tag" data-name=${name}>${icon("bolt")}${labels.get(name) ?? name}</li>`,
  )}</ul>`;
}

/** What the message carries for the bot besides its text. @param {Playground} app @param {Message} message */
function robotTags(app, { robot }) {
  if (!robot) return nothing;
  const tags = [
    robot.account && t("bubble.account", { account: app.world.name(robot.account) }),
    robot.function && t("bubble.function", { name: robot.function }),
    robot.topic && t("bubble.topic", { topic: robot.topic }),
    robot.customContent && t("bubble.custom", { content: robot.customContent }),
  ].filter(Boolean);
  return html`<p class="robot">${tags.map((tag) => html`<span class="tag" dir="auto">${tag}</span>`)}</p>`;
}
