// @ts-check
// What one can do with the open chat.
import { scenarioUrl } from "./api.js";
import { icon } from "./icons.js";
import { html, nothing } from "./lit.js";
import { closeAround, place } from "./popover.js";
import { t } from "./texts.js";

/** @import {Conversation} from "./contract.js" */
/** @import {IconName} from "./icons.js" */
/** @import {Key} from "./texts.js" */
/** @import {Playground} from "./playground.js" */

/** @typedef {"newConversation" | "card" | "topics" | "search" | "send" | "copyChat" | "exportMarkdown" | "exportText" | "clearChat" | "endGroup" | "keys"} ChatAct */
/** @typedef {Record<ChatAct, () => void> & {editGroup: (tid: string) => void, replay: () => void}} MenuActions */

/** @param {Playground} app @param {Conversation} conversation @param {MenuActions} actions */
export function chatMenu(app, conversation, actions) {
  const { chat, kind, id, members } = conversation;
  const hasBot = members.some((accid) => app.world.bots.has(accid));
  const isTeam = kind === "team";
  return html`
    <button class="icon-button" data-testid="menu" popovertarget="chat-menu" aria-label=${t("head.more")}
      title=${t("head.more")}>
      ${icon("more")}</button>
    <div id="chat-menu" popover class="popover menu" role="group" aria-label=${t("head.more")}
      @beforetoggle=${place("below", "end")}>
      <ul>
        ${hasBot ? item("newConversation", "plus", "acts.new", actions.newConversation) : nothing}
        ${hasBot ? item("card", "info", "acts.card", actions.card) : nothing}
        ${hasBot ? item("topics", "window", "acts.topics", actions.topics) : nothing}
        ${isTeam ? item("group-edit", "group", "head.members", () => actions.editGroup(id)) : nothing}
        ${item("search", "search", "acts.search", actions.search)}
        ${item("send-else", "request", "acts.send", actions.send)}
        ${item("copy-chat", "copy", "acts.copy", actions.copyChat)}
        ${item("export-md", "download", "acts.markdown", actions.exportMarkdown)}
        ${item("export-txt", "download", "acts.text", actions.exportText)}
        <li><a class="menu-item" data-testid="scenario-save" href=${scenarioUrl(chat)} download
          @click=${closeAround}>${icon("download")}${t("head.save")}</a></li>
        ${item("scenario-replay", "replay", "head.replay", actions.replay)}
        ${item("keys-show", "keys", "acts.keys", actions.keys)}
        ${item("clear-chat", "skip", "acts.clear", actions.clearChat)}
        ${isTeam ? item("end-group", "trash", "acts.end", actions.endGroup) : nothing}
      </ul>
    </div>
  `;
}

/** @param {string} testId @param {IconName} name @param {Key} key @param {() => void} act */
function item(testId, name, key, act) {
  const chosen = (/** @type {Event} */ event) => {
    closeAround(event);
    act();
  };
  return html`<li><button class="menu-item" data-testid=${testId} @click=${chosen}>${icon(name)}${t(key)}</button></li>`;
}
