// @ts-check
// A chat in which nobody has written yet.
import { html } from "./lit.js";
import { face } from "./people.js";
import { t } from "./texts.js";

/** @import {Conversation} from "./contract.js" */
/** @import {World} from "./world.js" */

/** @param {World} world @param {Conversation} conversation @param {(text: string) => void} write */
export function emptyChat(world, conversation, write) {
  const { heading, line, chips } = invitation(world, conversation);
  return html`
    <div class="empty">
      ${face(world, conversation.id, conversation.kind)}
      <h3>${heading}</h3>
      <p>${line}</p>
      <p class="chips">
        ${chips.map((chip) => html`<button class="chip" @click=${() => write(chip)}>${chip}</button>`)}
      </p>
    </div>
  `;
}

/** @param {World} world @param {Conversation} conversation */
function invitation(world, { kind, id, title, members }) {
  if (kind === "bot" && world.bots.get(id)?.removed) {
    return {
      heading: t("empty.removed", { name: title }),
      line: t("empty.removedLine"),
      chips: [],
    };
  }
  if (kind === "bot" && !world.bots.get(id)?.enabled) {
    return {
      heading: t("empty.off", { name: title }),
      line: t("empty.offLine"),
      chips: [t("empty.offChip")],
    };
  }
  if (kind === "bot") {
    return {
      heading: t("empty.bot", { name: title }),
      line: t("empty.botLine"),
      chips: [t("empty.botChip1"), t("empty.botChip2"), "/help"],
    };
  }
  if (kind === "person") {
    return {
      heading: t("empty.person", { name: title }),
      line: t("empty.personLine"),
      chips: [t("empty.personChip")],
    };
  }
  const bot = members.map((accid) => world.bots.get(accid)).find(Boolean);
  return {
    heading: t("empty.team", { name: title }),
    line: bot ? t("empty.teamLine", { bot: bot.name }) : t("empty.teamNoBot"),
    chips: [...(bot ? [t("empty.teamChip1", { bot: bot.name })] : []), t("empty.teamChip2")],
  };
}
