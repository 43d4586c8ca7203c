/** The types of what the playground's server says and takes. Read by editors only: the browser never loads this. */

export interface Bot {
  accid: string;
  name: string;
  aliases: string[];
  avatar: string | null;
  functions: string[];
  reply: "send" | "response";
  enabled: boolean;
  /** No longer in the bots file; something of it is still to be seen. */
  removed: boolean;
}

export interface User {
  accid: string;
  name: string;
}

export interface Team {
  tid: string;
  name: string;
  /** Nobody, once the group has ended. */
  members: string[];
}

export interface RobotInfo {
  function?: string;
  topic?: string;
  customContent?: string;
  account?: string;
}

export type Status = "sending" | "waiting" | "answered" | "limited" | "ignored" | "refused" | "failed" | "delivered";

export interface Message {
  id: string;
  /** What the relay's log lines know it by. */
  log_id: string;
  /** Two accids, sorted and joined by "|", or "team:" and the team's id. */
  chat: string;
  sender: string;
  to: string | null;
  team: string | null;
  /** Of a message that carries something, the words that go with it. */
  text: string;
  medium: Medium | null;
  /** Rendered and made safe by the server; only for messages of bots. */
  html: string | null;
  /** Unix milliseconds, as every time here. */
  at: number;
  changed: "" | "edited" | "recalled";
  /** A reply that is streamed, and not at its end. */
  growing: boolean;
  origin: "user" | "bot";
  bot: string | null;
  robot: RobotInfo | null;
  reply_to: string | null;
  status: Status;
  /** When it is taken up again, where a kill of the host broke its turn off. */
  again_at: number | null;
  /** Names of the faults that were on when it was sent. */
  faults: string[];
  reason: string;
}

export interface Medium {
  kind: "picture" | "audio" | "video" | "file" | "location" | "custom" | "tip";
  /** At the page's own server; null for what does not lie in the storage of this machine. */
  src: string | null;
  elsewhere: string | null;
  name: string;
  size: number;
  width: number;
  height: number;
  milliseconds: number;
  title: string;
  latitude: number | null;
  longitude: number | null;
  words: string;
}

/** Something that the storage keeps. */
export interface Stored {
  url: string;
  md5: string;
  size: number;
  src: string;
}

export type NewMedium =
  | { kind: "location"; title: string; latitude: number; longitude: number }
  | {
      kind: "picture" | "audio" | "video" | "file";
      url: string;
      md5: string;
      size: number;
      name: string;
      type: string;
      width: number;
      height: number;
      milliseconds: number;
    };

export interface Model {
  kind: "tiny" | "scripted" | "settings" | "remote";
  label: string;
  visible: boolean;
}

export interface Host {
  kind: "builtin" | "func" | "remote";
  state: "running" | "down" | "starting" | "replacing";
  killable: boolean;
}

/** The bots file and the file of tools. */
export interface Files {
  /** In the words of `python -m relay check`. */
  problems: string[];
  for_owner: boolean;
}

export type Scope = "next" | "on";

export interface Fault {
  name: string;
  group: string;
  label: string;
  explanation: string;
  scope: Scope | null;
  available: boolean;
}

export interface State {
  bots: Bot[];
  users: User[];
  teams: Team[];
  messages: Message[];
  model: Model;
  host: Host;
  files: Files;
  invisible: string[];
  faults: Fault[];
  seq: number;
  version: string;
}

export type ServerEvent = { seq: number } & (
  | { type: "message"; message: Message }
  | { type: "gone"; id: string }
  | { type: "team"; team: Team }
  | { type: "user"; user: User }
  | { type: "faults"; faults: Fault[] }
  | { type: "host"; host: Host }
  | { type: "files"; files: Files }
  | { type: "timeline"; id: string }
  | { type: "request"; number: number }
  | { type: "reset" }
);

export interface NewMessage {
  as: string;
  to?: string;
  team?: string;
  text: string;
  medium?: NewMedium;
  robot?: RobotInfo;
  input?: Input;
}

export type Input = "copy" | "chatbot" | "both";

export type TemplateName =
  | "recall"
  | "edit"
  | "verdict"
  | "callback"
  | "login"
  | "kicked"
  | "custom_notice"
  | "address"
  | "antispam"
  | "blacklist"
  | "by_server"
  | "call"
  | "too_old"
  | "bad_time"
  | "old_clock"
  | "chatbot"
  | "not_json"
  | "wrong_type"
  | "too_large";

/** Something that a console sends beside messages. */
export interface Template {
  name: TemplateName;
  body: string;
  /** What the webhook answers: a status, and a word of its body. */
  expected: string;
  clock_minutes: number;
}

export type Signature = "good" | "bad" | "missing";

export interface NewRequest {
  body: string;
  /** More headers, or others in place of those it has; an empty one is left out. */
  headers?: Record<string, string>;
  signature?: Signature;
  clock_minutes?: number;
}

/** A request to the webhook in short. */
export interface RequestLine {
  number: number;
  at: number;
  kind: "copy" | "chatbot" | "recall" | "edit" | "verdict" | "callback" | "event" | "address" | "other";
  /** The message that it is about. */
  message: string | null;
  ended: boolean;
  status: number | null;
  answer: string;
  failure: string;
  milliseconds: number;
}

export interface WholeRequest extends RequestLine {
  url: string;
  headers: [string, string][];
  body: string;
  curl: string;
}

export interface Tokens {
  calls: number;
  prompt: number;
  completion: number;
  cached: number;
  reasoning: number;
}

/** What the answers of a chat took. */
export interface Usage extends Tokens {
  visible: boolean;
  models: (Tokens & { model: string })[];
}

export interface BotCard {
  accid: string;
  name: string;
  aliases: string[];
  enabled: boolean;
  prompt: string;
  models: string[];
  tools: string[];
  functions: string[];
  settings: [string, string][];
  limits: Limit[];
  limits_note: "" | "not_ours" | "unavailable";
}

export interface Limit {
  who: "per_sender" | "per_bot";
  what: "minute" | "day" | "tokens_per_day";
  most: number;
  left: number | null;
}

export interface LogLine {
  number: number;
  at: number;
  text: string;
}

export interface Log {
  visible: boolean;
  lines: LogLine[];
}

export interface Timeline {
  message: string;
  complete: boolean;
  curl: string | null;
  /** What log lines about it hold: its own id, and that of the conversation. */
  log_ids: string[];
  missing: string[];
  steps: Step[];
}

export interface Step {
  kind: string;
  title: string;
  at: number;
  ms: number | null;
  status: "ok" | "warn" | "error" | "waiting";
  summary: string;
  details: Detail[];
  children: Step[];
}

export interface WindowEntry {
  role: "system" | "user" | "assistant";
  text: string;
  at: number | null;
  fate: "sent" | "cut";
  why: string;
}

export type Detail = { label: string } & (
  | { format: "text" | "code"; value: string }
  | { format: "json"; value: unknown }
  | { format: "headers"; value: [string, string][] }
  | { format: "table"; value: { columns: string[]; rows: unknown[][] } }
  | { format: "window"; value: WindowEntry[] }
);

/** What the model asked of a tool; of a question to the user, what it is about. */
export interface StoredCall {
  name: string;
  arguments: string;
  result: string | null;
  outcome: string;
}

export interface StoredRow {
  key: string;
  kind: string;
  state: string;
  at: number;
  text: string;
  calls: StoredCall[];
  /** Of a reply that asks whether a tool may do something. */
  asks: "" | "open" | "answered";
  excluded: boolean;
  forgotten: boolean;
  about: string[];
}

export interface Rows {
  partition: string | null;
  tables: { name: string; expires_at: number; rows: StoredRow[] }[];
  lease: { until: number; owner: string } | null;
  note: string;
}

/** What a played scenario tells: its steps as they come, and in the end how it went. */
export type ReplayLine = ReplayStep | ReplayEnd;

export interface ReplayStep {
  title: string;
  ok: boolean;
  detail: string;
}

export interface ReplayEnd {
  ok: boolean;
  not_played: number;
  /** Where the logs are, or why it was not played. */
  why: string;
}

/** One line of the conversation list. */
export interface Conversation {
  chat: string;
  kind: "bot" | "team" | "person";
  title: string;
  /** The accid of the other side, or the team's id. */
  id: string;
  members: string[];
  last: Message | null;
}
