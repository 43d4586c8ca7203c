// @ts-check
// The left side: who one is, the conversations, and how the parts of the stack are doing.
import { userMenu } from "./accounts.js";
import { icon } from "./icons.js";
import { html, nothing, repeat } from "./lit.js";
import { inShort } from "./medium.js";
import { face } from "./people.js";
import { LANGUAGES, language, speak, t } from "./texts.js";
import { nextTheme, theme } from "./theme.js";
import { clockOrDay } from "./time.js";

/** @import {Conversation, Host} from "./contract.js" */
/** @import {Playground} from "./playground.js" */
/** @import {Language} from "./texts.js" */

const UNREAD = html`<span class="unread-dot"><span class="visually-hidden">${t("list.unread")}</span></span>`;

/** @param {Playground} app @param {() => void} newGroup */
export function sidebar(app, newGroup) {
  return html`
    <nav class="sidebar" aria-label=${t("list.label")}>
      <div class="sidebar-head">
        <span class="brand"><img src="/favicon.svg" alt="" width="24" height="24" />${t("list.brand")}</span>
        ${themeButton(app)}
      </div>
      ${userMenu(app)}
      <div class="list-head">
        <h2>${t("list.heading")}</h2>
        <button class="quiet" data-testid="new-group" @click=${newGroup}>${icon("plus")}${t("list.newGroup")}</button>
      </div>
      <ul class="conversations">
        ${repeat(
          app.conversations,
          ({ chat }) => chat,
          (conversation) => line(app, conversation),
        )}
      </ul>
      ${stack(app)}
    </nav>
  `;
}

/** @param {Playground} app */
function themeButton(app) {
  const chosen = theme();
  const words = t("stack.theme", { theme: t(`theme.${chosen}`) });
  const next = () => {
    nextTheme();
    app.changed();
  };
  return html`
    <button class="icon-button" data-testid="theme" data-theme=${chosen} @click=${next}
      aria-label=${words} title=${words}>${icon(chosen)}</button>
  `;
}

/** @param {Playground} app @param {Conversation} conversation */
function line(app, conversation) {
  const { chat, kind, title, id, last } = conversation;
  const unread = app.isUnread(conversation);
  return html`
    <li>
      <button class="conversation" data-testid="conversation" data-chat=${chat} data-unread=${unread}
        aria-current=${chat === app.tab.chat ? "true" : nothing} @click=${() => app.open(chat)}>
        ${face(app.world, id, kind)}
        <span class="conversation-title">
          <bdi>${title}</bdi>${kind === "bot" ? html`<small class="tag">${botTag(app, id)}</small>` : nothing}
        </span>
        <time class="conversation-time">${last ? clockOrDay(last.at, Date.now()) : nothing}</time>
        <span class="conversation-last">
          <span class="one-line" dir="auto">${lastLine(app, conversation)}</span>
          ${unread ? UNREAD : nothing}
        </span>
      </button>
    </li>
  `;
}

/** @param {Playground} app @param {string} accid */
function botTag({ world }, accid) {
  const bot = world.bots.get(accid);
  if (bot?.removed) return t("list.botRemoved");
  return t(bot?.enabled ? "list.bot" : "list.botOff");
}

/** @param {Playground} app @param {Conversation} conversation @returns {string} */
function lastLine(app, { kind, id, last, members }) {
  if (app.world.typing(last?.chat ?? "").length > 0) return t("list.typing");
  if (last) {
    const text = inShort({ ...last, text: last.text.slice(0, 120).replaceAll(/[*_`#>]+/g, "") });
    if (last.sender === app.me) return t("list.you", { text });
    return kind === "team" ? t("list.somebody", { name: app.world.name(last.sender), text }) : text;
  }
  if (kind === "team") return t("list.members", { count: members.length });
  if (kind === "person") return t("list.noBot");
  const functions = app.world.bots.get(id)?.functions ?? [];
  return functions.length > 0 ? t("list.functions", { names: functions.join(t("page.list")) }) : t("list.sayHello");
}

/** @param {Playground} app */
function stack(app) {
  const { host, model, version } = app.world;
  return html`
    <footer class="stack">
      ${app.connection === "reconnecting" ? gone() : hostLine(host)}
      <p title=${model.label}>${icon("model")}<span class="one-line">${model.label}</span></p>
      <p class="faint">${t("stack.relay", { version })}${languages()}</p>
    </footer>
  `;
}

/** Nobody is there to say how the host is: what was said last may be long untrue. */
const gone = () => html`
  <p data-testid="footer-host" data-state="gone"><span class="dot"></span>${t("stack.gone")}</p>
`;

/** @param {Host} host */
function hostLine({ kind, state, killable }) {
  const name = t(`host.${kind}`);
  return html`
    <p data-testid="footer-host" data-state=${killable ? state : "unknown"}>
      <span class="dot"></span>${killable ? t("stack.host", { host: name, state: t(`host.${state}`) }) : name}
    </p>
  `;
}

/** A switch to each other language, in its own words. */
const languages = () =>
  /** @type {Language[]} */ (Object.keys(LANGUAGES))
    .filter((other) => other !== language)
    .map(
      (other) => html`<button class="quiet" data-testid="language" data-language=${other} lang=${other}
        @click=${() => speak(other)}>${LANGUAGES[other]}</button>`,
    );
