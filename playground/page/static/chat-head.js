// @ts-check
// The head of the open chat: who it is with, and what can be done.
import { scenarioUrl } from "./api.js";
import { faultsButton } from "./faults.js";
import { icon } from "./icons.js";
import { html, nothing } from "./lit.js";
import { face } from "./people.js";
import { closeAround, place } from "./popover.js";
import { t } from "./texts.js";

/** @import {Conversation} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

/** @typedef {{editGroup: (tid: string) => void, replay: () => void}} MenuActions */

/** @param {Playground} app @param {Conversation} conversation @param {MenuActions} actions */
export function chatHead(app, conversation, actions) {
  const { kind, title, id } = conversation;
  return html`
    <header class="chat-head">
      <button class="icon-button back" data-testid="back" aria-label=${t("head.back")}
        @click=${() => app.showList()}>${icon("back")}</button>
      ${face(app.world, id, kind)}
      <div class="chat-title">
        <h2><bdi>${title}</bdi></h2>
        <p class="one-line">${about(app, conversation)}</p>
      </div>
      ${faultsButton(app)}
      ${menu(conversation, actions)}
      <button class="icon-button" id="inspector-toggle" data-testid="inspector-toggle"
        aria-label=${t("head.inspector")} title=${t("head.inspector")} aria-expanded=${app.inspecting} @click=${() => app.inspect(!app.inspecting)}>${icon("panel")}</button>
    </header>
  `;
}

/** @param {Playground} app @param {Conversation} conversation @returns {string} */
function about({ world }, { kind, id, members }) {
  if (kind === "team") return members.map((accid) => world.name(accid)).join(t("page.list"));
  if (kind === "person") return t("head.person");
  const bot = world.bots.get(id);
  if (bot?.removed) return t("head.botRemoved");
  if (bot && !bot.enabled) return t("head.botOff");
  return t(bot?.reply === "response" ? "head.botResponse" : "head.botSend");
}

/** @param {Conversation} conversation @param {MenuActions} actions */
function menu({ chat, kind, id }, { editGroup, replay }) {
  const then = (/** @type {() => void} */ action) => (/** @type {Event} */ event) => {
    closeAround(event);
    action();
  };
  return html`
    <button class="icon-button" data-testid="menu" popovertarget="chat-menu" aria-label=${t("head.more")}
      title=${t("head.more")}>
      ${icon("more")}</button>
    <div id="chat-menu" popover class="popover menu" role="group" aria-label=${t("head.more")}
      @beforetoggle=${place("below", "end")}>
      <ul>
        ${
          kind === "team"
            ? html`<li><button class="menu-item" data-testid="group-edit"
          @click=${then(() => editGroup(id))}>${icon("group")}${t("head.members")}</button></li>`
            : nothing
        }
        <li><a class="menu-item" data-testid="scenario-save" href=${scenarioUrl(chat)} download
          @click=${closeAround}>${icon("download")}${t("head.save")}</a></li>
        <li><button class="menu-item" data-testid="scenario-replay"
          @click=${then(replay)}>${icon("replay")}${t("head.replay")}</button></li>
      </ul>
    </div>
  `;
}
