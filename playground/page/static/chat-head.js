// @ts-check
// The head of the open chat: who it is with, and what can be done.
import { chatMenu } from "./chat-menu.js";
import { faultsButton } from "./faults.js";
import { icon } from "./icons.js";
import { html } from "./lit.js";
import { face } from "./people.js";
import { t } from "./texts.js";

/** @import {MenuActions} from "./chat-menu.js" */
/** @import {Conversation} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

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
      ${chatMenu(app, conversation, actions)}
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
