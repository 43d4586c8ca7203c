// @ts-check
// A chat in which nobody has written yet.
import { html } from "./lit.js";
import { face } from "./people.js";

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
  if (kind === "bot" && !world.bots.get(id)?.enabled) {
    return {
      heading: `${title} is switched off`,
      line: "The relay drops messages to it, until the bots file says otherwise and the playground is started again.",
      chips: ["Hello?"],
    };
  }
  if (kind === "bot") {
    return {
      heading: `Say hello to ${title}`,
      line: "Your message goes the whole way: signed, posted, queued, answered by the model, sent back.",
      chips: ["Hello, who are you?", "Tell me a short story", "/help"],
    };
  }
  if (kind === "person") {
    return {
      heading: `You and ${title}`,
      line: "People write to each other, too. The relay gets a copy of each message, and drops it.",
      chips: ["Hi!"],
    };
  }
  const bot = members.map((accid) => world.bots.get(accid)).find(Boolean);
  return {
    heading: `This is the start of ${title}`,
    line: bot
      ? `A bot answers here when it is addressed: write @${bot.name}, or choose it in the options.`
      : "There is no bot in this group yet. Add one under More.",
    chips: bot ? [`@${bot.name} hello everyone`, "Is anybody here?"] : ["Is anybody here?"],
  };
}
