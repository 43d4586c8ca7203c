// @ts-check
// Times and durations in words. Every time is Unix milliseconds, every duration milliseconds.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const EXACT = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const WEEKDAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const SHORT_DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** @param {number} at @returns {string} "10:42" */
export const clock = (at) => CLOCK.format(at);

/** @param {number} at @returns {string} "Mon, 23 Nov, 10:42:07" */
export const exact = (at) => EXACT.format(at);

/** @param {number} at @returns {string} a key that is the same for all times of one day */
export const dayKey = (at) => new Date(at).toDateString();

/** @param {number} at @param {number} now @returns {string} "Today", "Yesterday", "Friday 20 November" */
export function dayName(at, now) {
  if (dayKey(at) === dayKey(now)) return "Today";
  if (dayKey(at) === dayKey(now - DAY)) return "Yesterday";
  return WEEKDAY.format(at);
}

/** @param {number} at @param {number} now @returns {string} the time, or the day when that was another */
export const clockOrDay = (at, now) => (dayKey(at) === dayKey(now) ? clock(at) : SHORT_DAY.format(at));

/** @param {number} ms @returns {string} "12 ms", "1.9 s", "2 min 5 s" */
export function duration(ms) {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  const seconds = Math.round(ms / SECOND);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** @param {number} count @param {string} unit */
const counted = (count, unit) => `${count} ${unit}${count === 1 ? "" : "s"}`;

/** @param {number} ms @returns {string} the two largest units: "2 days 5 hours", "40 seconds" */
export function inWords(ms) {
  const left = Math.max(0, ms);
  if (left < SECOND) return "less than a second";
  if (left < MINUTE) return counted(Math.floor(left / SECOND), "second");
  if (left < HOUR) return counted(Math.floor(left / MINUTE), "minute");
  const [large, small, unit, part] =
    left < DAY ? [HOUR, MINUTE, "hour", "minute"] : [DAY, HOUR, "day", "hour"];
  const rest = Math.floor((left % large) / small);
  return counted(Math.floor(left / large), unit) + (rest ? ` ${counted(rest, part)}` : "");
}
