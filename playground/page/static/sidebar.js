// @ts-check
// The left side: who one is, the conversations, and how the parts of the stack are doing.
import { userMenu } from "./accounts.js";
import { icon } from "./icons.js";
import { html, nothing, repeat } from "./lit.js";
import { inShort } from "./medium.js";
import { face } from "./people.js";
import { nextTheme, theme } from "./theme.js";
import { clockOrDay } from "./time.js";

/** @import {Conversation} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

const HOST_NAMES = { builtin: "Function host", func: "Core Tools host", remote: "A host of your own" };

const UNREAD = html`<span class="unread-dot"><span class="visually-hidden">unread</span></span>`;

/** @param {Playground} app @param {() => void} newGroup */
export function sidebar(app, newGroup) {
  return html`
    <nav class="sidebar" aria-label="Conversations">
      <div class="sidebar-head">
        <span class="brand"><img src="/favicon.svg" alt="" width="24" height="24" />Playground</span>
        ${themeButton(app)}
      </div>
      ${userMenu(app)}
      <div class="list-head">
        <h2>Chats</h2>
        <button class="quiet" data-testid="new-group" @click=${newGroup}>${icon("plus")}New group</button>
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
  const next = () => {
    nextTheme();
    app.changed();
  };
  return html`
    <button class="icon-button" data-testid="theme" data-theme=${chosen} @click=${next}
      aria-label="Theme: ${chosen}" title="Theme: ${chosen}">${icon(chosen)}</button>
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
const botTag = ({ world }, accid) => (world.bots.get(accid)?.enabled ? "bot" : "bot, off");

/** @param {Playground} app @param {Conversation} conversation @returns {string} */
function lastLine(app, { kind, id, last, members }) {
  if (app.world.typing(last?.chat ?? "").length > 0) return "typing…";
  if (last) {
    const text = inShort({ ...last, text: last.text.slice(0, 120).replaceAll(/[*_`#>]+/g, "") });
    if (last.sender === app.me) return `You: ${text}`;
    return kind === "team" ? `${app.world.name(last.sender)}: ${text}` : text;
  }
  if (kind === "team") return `${members.length} members`;
  if (kind === "person") return "No bot reads here";
  const functions = app.world.bots.get(id)?.functions ?? [];
  return functions.length > 0 ? `Functions: ${functions.join(", ")}` : "Say hello";
}

/** @param {Playground} app */
function stack(app) {
  const { host, model, version } = app.world;
  return html`
    <footer class="stack">
      <p data-testid="footer-host" data-state=${host.killable ? host.state : "unknown"}>
        <span class="dot"></span>${HOST_NAMES[host.kind]}${host.killable ? `: ${host.state}` : nothing}
      </p>
      <p title=${model.label}>${icon("model")}<span class="one-line">${model.label}</span></p>
      <p class="faint">Relay ${version}</p>
    </footer>
  `;
}
