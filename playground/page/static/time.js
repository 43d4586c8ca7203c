// @ts-check
// Times and durations in words. Every time is Unix milliseconds, every duration milliseconds.
import { locale, t } from "./texts.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const CLOCK = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const EXACT = new Intl.DateTimeFormat(locale, {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const WEEKDAY = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const SHORT_DAY = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });

/** @param {number} at @returns {string} "10:42" */
export const clock = (at) => CLOCK.format(at);

/** @param {number} at @returns {string} "Mon, 23 Nov, 10:42:07" */
export const exact = (at) => EXACT.format(at);

/** @param {number} at @returns {string} a key that is the same for all times of one day */
export const dayKey = (at) => new Date(at).toDateString();

/** @param {number} at @param {number} now @returns {string} t("time.today"), "Yesterday", "Friday 20 November" */
export function dayName(at, now) {
  if (dayKey(at) === dayKey(now)) return t("time.today");
  if (dayKey(at) === dayKey(now - DAY)) return t("time.yesterday");
  return WEEKDAY.format(at);
}

/** @param {number} at @param {number} now @returns {string} the time, or the day when that was another */
export const clockOrDay = (at, now) => (dayKey(at) === dayKey(now) ? clock(at) : SHORT_DAY.format(at));

/** @param {number} ms @returns {string} "12 ms", "1.9 s", "2 min 5 s" */
export function duration(ms) {
  if (ms < SECOND) return t("time.ms", { count: Math.round(ms) });
  if (ms < 10 * SECOND) return t("time.s", { count: (ms / SECOND).toFixed(1) });
  if (ms < MINUTE) return t("time.s", { count: Math.round(ms / SECOND) });
  const seconds = Math.round(ms / SECOND);
  return t("time.min", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
}

/** @param {number} ms @returns {string} the two largest units: "2 days 5 hours", "40 seconds" */
export function inWords(ms) {
  const left = Math.max(0, ms);
  if (left < SECOND) return t("time.instant");
  if (left < MINUTE) return t("time.second", { count: Math.floor(left / SECOND) });
  if (left < HOUR) return t("time.minute", { count: Math.floor(left / MINUTE) });
  const [large, unit, small, part] = /** @type {const} */ (
    left < DAY ? [HOUR, "hour", MINUTE, "minute"] : [DAY, "day", HOUR, "hour"]
  );
  const whole = t(`time.${unit}`, { count: Math.floor(left / large) });
  const rest = Math.floor((left % large) / small);
  return rest ? t("time.two", { large: whole, small: t(`time.${part}`, { count: rest }) }) : whole;
}
