// @ts-check
// A chat as a text to keep or to pass on: plain, or in Markdown.
import { inShort } from "./medium.js";
import { t } from "./texts.js";
import { exact } from "./time.js";

/** @import {Conversation, Message} from "./contract.js" */
/** @import {World} from "./world.js" */

/** @typedef {"txt" | "md"} Format */

/**
 * @param {World} world
 * @param {Conversation} conversation
 * @param {Message[]} messages
 * @param {Format} format
 * @returns {string}
 */
export function transcript(world, { title }, messages, format) {
  const said = messages.map((message) => {
    const who = world.name(message.sender);
    const text = message.medium ? inShort(message) : message.text;
    if (format === "txt") return t("transcript.line", { time: exact(message.at), who, text });
    const changed = message.changed ? ` · ${t(`transcript.${message.changed}`)}` : "";
    return `**${who}** · ${exact(message.at)}${changed}\n\n${text}`;
  });
  return format === "txt" ? `${title}\n\n${said.join("\n")}\n` : `# ${title}\n\n${said.join("\n\n---\n\n")}\n`;
}

/** Lets the browser save a text as a file. @param {string} text @param {string} name */
export function download(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** @param {string} title @param {Format} format @returns {string} a name that every system takes for a file */
export const fileName = (title, format) => `${title.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-") || "chat"}.${format}`;
