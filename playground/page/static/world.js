// @ts-check
// What the server knows: people, chats, messages, switches. Changed by its events alone.

/** @import {Bot, Conversation, Message, ServerEvent, State, Team, User} from "./contract.js" */

/** @param {string} one @param {string} other @returns {string} the chat's id, as the server writes it */
export const privateChat = (one, other) => [one, other].sort().join("|");

/** @param {string} tid @returns {string} */
export const teamChat = (tid) => `team:${tid}`;

const KIND_ORDER = { bot: 0, team: 1, person: 2 };

export class World {
  /** @param {State} state */
  constructor(state) {
    /** @type {Map<string, Bot>} */
    this.bots = new Map(state.bots.map((bot) => [bot.accid, bot]));
    /** @type {Map<string, User>} */
    this.users = new Map(state.users.map((user) => [user.accid, user]));
    /** @type {Map<string, Team>} */
    this.teams = new Map(state.teams.map((team) => [team.tid, team]));
    this.model = state.model;
    this.host = state.host;
    this.files = state.files;
    this.invisible = state.invisible;
    this.faults = state.faults;
    this.version = state.version;
    /** @type {Map<string, Message>} */
    this.messages = new Map();
    /** @type {Map<string, string[]>} the ids of each chat, in order of delivery */
    this.chats = new Map();
    for (const message of state.messages) this.put(message);
  }

  /** @param {ServerEvent} event */
  apply(event) {
    if (event.type === "message") this.put(event.message);
    else if (event.type === "gone") this.messages.delete(event.id);
    else if (event.type === "team") this.teams.set(event.team.tid, event.team);
    else if (event.type === "user") this.users.set(event.user.accid, event.user);
    else if (event.type === "faults") this.faults = event.faults;
    else if (event.type === "host") this.host = event.host;
    else if (event.type === "files") this.files = event.files;
  }

  /** Adds a message, or replaces the one of the same id. @param {Message} message */
  put(message) {
    if (!this.messages.has(message.id)) {
      const ids = this.chats.get(message.chat);
      if (ids) ids.push(message.id);
      else this.chats.set(message.chat, [message.id]);
    }
    this.messages.set(message.id, message);
  }

  /** @param {string} chat @returns {Message[]} */
  messagesOf(chat) {
    return (this.chats.get(chat) ?? []).flatMap((id) => this.messages.get(id) ?? []);
  }

  /** @param {string} accid @returns {string} what people call this account */
  name(accid) {
    return this.bots.get(accid)?.name ?? this.users.get(accid)?.name ?? accid;
  }

  /**
   * The bots that work on an answer in this chat, and of which nothing is to be seen yet.
   * @param {string} chat
   * @returns {string[]}
   */
  typing(chat) {
    const messages = this.messagesOf(chat);
    const growing = new Set(messages.filter((message) => message.growing).map(({ sender }) => sender));
    const waiting = messages.filter((message) => message.status === "waiting" && message.bot && message.again_at === null);
    const bots = new Set(waiting.map((message) => /** @type {string} */ (message.bot)));
    return [...bots].filter((accid) => !growing.has(accid));
  }

  /**
   * The message whose way is worth looking at: a reply has none of its own, so it is the one it answers.
   * @param {Message} message
   * @returns {string | null}
   */
  questionOf(message) {
    return message.origin === "bot" ? message.reply_to : message.id;
  }

  /**
   * The chats of one user, the latest first; then those that nobody has written in yet.
   * @param {string} me
   * @returns {Conversation[]}
   */
  conversations(me) {
    const last = (/** @type {string} */ chat) => {
      return this.messagesOf(chat).at(-1) ?? null;
    };
    /** @type {(accid: string, kind: "bot" | "person") => Conversation} */
    const withOne = (accid, kind) => {
      const chat = privateChat(me, accid);
      return { chat, kind, title: this.name(accid), id: accid, members: [me, accid], last: last(chat) };
    };
    const bots = [...this.bots.keys()].map((accid) => withOne(accid, "bot"));
    const teams = [...this.teams.values()]
      .filter((team) => team.members.includes(me))
      .map((team) => {
        const chat = teamChat(team.tid);
        return /** @type {Conversation} */ ({
          chat,
          kind: "team",
          title: team.name,
          id: team.tid,
          members: team.members,
          last: last(chat),
        });
      });
    const people = [...this.users.keys()]
      .filter((accid) => accid !== me)
      .map((accid) => withOne(accid, "person"));
    return [...bots, ...teams, ...people].sort(
      (a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0) || KIND_ORDER[a.kind] - KIND_ORDER[b.kind],
    );
  }
}
