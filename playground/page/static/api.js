// @ts-check
// Every request of the page, one function each.
import { language, t } from "./texts.js";

/** @import {BotCard, Conversation, Fault, Log, Message, NewMessage, NewRequest, ReplayLine} from "./contract.js" */
/** @import {RequestLine, Rows, Scope, State, Stored, Team, Template, Timeline} from "./contract.js" */
/** @import {Usage, User, WholeRequest} from "./contract.js" */

/** What the server refused, or that it could not be reached. `message` is a sentence for the reader. */
export class ApiError extends Error {
  /** @param {string} word @param {string} detail */
  constructor(word, detail) {
    super(detail);
    this.name = "ApiError";
    this.word = word;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body] bytes as they are, anything else as JSON
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
async function request(method, path, body, signal) {
  /** @type {RequestInit} */
  const headers = { "Accept-Language": language };
  const asked = { method, signal, headers };
  if (body instanceof Blob) {
    asked.headers = { ...headers, "Content-Type": "application/octet-stream" };
    asked.body = body;
  } else if (body !== undefined) {
    asked.headers = { ...headers, "Content-Type": "application/json" };
    asked.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, asked);
  } catch {
    signal?.throwIfAborted();
    throw new ApiError("unreachable", t("page.unreachable"));
  }
  if (!response.ok) {
    const answer = isJson(response) ? await response.json() : null;
    throw new ApiError(
      answer?.error ?? "error",
      answer?.detail ?? t("page.answered", { status: response.status }),
    );
  }
  return response;
}

/** @param {Response} response */
const isJson = (response) => (response.headers.get("Content-Type") ?? "").includes("application/json");

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>} the answer's JSON, or null where it has none
 */
async function call(method, path, body) {
  const response = await request(method, path, body);
  return isJson(response) ? response.json() : null;
}

const part = encodeURIComponent;

/** @returns {Promise<State>} */
export const loadState = () => call("GET", "/api/state");

/**
 * Puts bytes into the platform's storage.
 * @param {Blob} blob
 * @param {string} [frameOf] URL of a film whose first picture they are
 * @returns {Promise<Stored>}
 */
export function storeMedia(blob, frameOf = "") {
  const query = new URLSearchParams({ type: blob.type, frame_of: frameOf });
  return call("POST", `/api/media?${query}`, blob);
}

/** @param {NewMessage} message @returns {Promise<Message>} */
export const sendMessage = (message) => call("POST", "/api/messages", message);

/** @param {string} id @param {string} me who wrote it */
export const recallMessage = (id, me) => call("POST", `/api/messages/${part(id)}/recall`, { as: me });

/** @param {string} id @param {string} me who wrote it @param {string} text what it says from now on */
export const editMessage = (id, me, text) => call("PUT", `/api/messages/${part(id)}/text`, { as: me, text });

/**
 * Sends what a message of one's own says as a new one.
 * @param {string} id
 * @param {string} me who wrote it
 * @param {string} fault that is to hit it, "" for none
 * @returns {Promise<Message>}
 */
export const sendAgain = (id, me, fault) => call("POST", `/api/messages/${part(id)}/again`, { as: me, fault });

/** Takes a message out of its chat, for everybody. @param {string} id */
export const deleteMessage = (id) => call("DELETE", `/api/messages/${part(id)}`);

/** Takes what is in a chat off the page. @param {string} chat */
export const clearChat = (chat) => call("DELETE", `/api/chats/${part(chat)}`);

/** @param {string} chat @returns {Promise<Usage>} */
export const loadUsage = (chat) => call("GET", `/api/chats/${part(chat)}/usage`);

/** @param {string} accid of a bot @param {string} me whose limits are asked for @returns {Promise<BotCard>} */
export const loadCard = (accid, me) => call("GET", `/api/bots/${part(accid)}?${new URLSearchParams({ as: me })}`);

/** @param {string} tid */
export const endTeam = (tid) => call("DELETE", `/api/teams/${part(tid)}`);

/**
 * What can be sent in a chat beside messages.
 * @param {string} me
 * @param {Conversation} conversation
 * @param {string} message that is taken back or changed, "" for one that nobody has sent
 * @returns {Promise<Template[]>}
 */
export function loadTemplates(me, { kind, id }, message) {
  const query = new URLSearchParams({ as: me, [kind === "team" ? "team" : "to"]: id, message });
  return call("GET", `/api/templates?${query}`);
}

/** @returns {Promise<RequestLine[]>} the last ones, newest first */
export const loadRequests = () => call("GET", "/api/requests");

/** @param {number} number @returns {Promise<WholeRequest>} */
export const loadRequest = (number) => call("GET", `/api/requests/${number}`);

/** Posts any body to the webhook. @param {NewRequest} request @returns {Promise<WholeRequest>} */
export const sendRequest = (request) => call("POST", "/api/requests", request);

/** The function host's lines behind this number. @param {number} after @returns {Promise<Log>} */
export const loadLog = (after) => call("GET", `/api/log?after=${after}`);

/** @param {string} name @returns {Promise<User>} */
export const addUser = (name) => call("POST", "/api/users", { name });

/** @param {{name: string, members: string[]}} team @returns {Promise<Team>} */
export const addTeam = (team) => call("POST", "/api/teams", team);

/** @param {string} tid @param {{name: string, members: string[]}} team @returns {Promise<Team>} */
export const changeTeam = (tid, team) => call("PUT", `/api/teams/${part(tid)}`, team);

/** @param {string} id @returns {Promise<Timeline>} */
export const loadTimeline = (id) => call("GET", `/api/messages/${part(id)}/timeline`);

/** @param {string} id @returns {Promise<Rows>} */
export const loadRows = (id) => call("GET", `/api/messages/${part(id)}/rows`);

/** @param {string} name @param {Scope | null} scope null switches it off. @returns {Promise<Fault[]>} */
export const setFault = (name, scope) =>
  scope === null
    ? call("DELETE", `/api/faults/${part(name)}`)
    : call("PUT", `/api/faults/${part(name)}`, { scope });

/** @returns {Promise<Fault[]>} */
export const clearFaults = () => call("DELETE", "/api/faults");

/** Ends the function host's process at once. It comes back by itself. */
export const killHost = () => call("POST", "/api/host/kill", {});

/**
 * Plays a scenario in a stack of its own, and tells what comes of it line by line.
 * @param {string} toml
 * @param {AbortSignal} signal ends it
 * @param {(line: ReplayLine) => void} tell
 */
export async function playScenario(toml, signal, tell) {
  const response = await request("POST", "/api/scenario", { toml }, signal);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    const lines = (rest + read.value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line) tell(JSON.parse(line));
  }
}

/** @param {string} chat @returns {string} where the chat can be downloaded as a scenario */
export const scenarioUrl = (chat) => `/api/scenario?chat=${part(chat)}`;
