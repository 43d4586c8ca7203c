// @ts-check
// The page's words: every sentence by its key, in the language of this browser. They stand in texts/, one file each.
import { EN } from "./texts/en.js";
import { ZH } from "./texts/zh.js";

/** @typedef {keyof typeof EN} Key */
/** @typedef {string | {one: string, other: string}} Text two where a language tells one from many, by {count} */
/** @typedef {Record<Key, Text>} Texts */
/** @typedef {"en" | "zh"} Language */

const KEY = "playground.language";

/** What each language calls itself. @type {Record<Language, string>} */
export const LANGUAGES = { en: "English", zh: "中文" };

/** @type {Record<Language, Texts>} */
const TEXTS = { en: EN, zh: ZH };

/** @returns {Language} the one that was chosen here, else the first of the browser's that the page has */
function wanted() {
  const known = [localStorage.getItem(KEY), ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return /** @type {Language} */ (known.find((tag) => tag && Object.hasOwn(LANGUAGES, tag)) ?? "en");
}

/** The same for as long as the page is open: the tables and formats of all modules are made in it once. */
export const language = wanted();

/** For Intl. */
export const locale = { en: "en-GB", zh: "zh-CN" }[language];

const plurals = new Intl.PluralRules(locale);
document.documentElement.lang = { en: "en", zh: "zh-CN" }[language];

/** Keeps the language for this browser, and loads the page anew in it. @param {Language} chosen */
export function speak(chosen) {
  localStorage.setItem(KEY, chosen);
  location.reload();
}

/**
 * A sentence for a template, where the values may be elements.
 * @param {Key} key
 * @param {Record<string, unknown>} values by placeholder
 * @returns {unknown[]} its pieces in order
 */
export function pieces(key, values) {
  const text = TEXTS[language][key];
  const chosen = typeof text === "string" ? text : plurals.select(Number(values.count)) === "one" ? text.one : text.other;
  return chosen.split(/\{(\w+)\}/).map((piece, index) => (index % 2 ? values[piece] : piece));
}

/**
 * A sentence.
 * @param {Key} key
 * @param {Record<string, string | number>} [values] by placeholder
 * @returns {string}
 */
export const t = (key, values = {}) => pieces(key, values).join("");
