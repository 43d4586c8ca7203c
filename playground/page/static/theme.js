// @ts-check
// Light, dark, or as the system says. The colours themselves are in css/base.css.

const KEY = "playground.theme";

/** @typedef {"system" | "light" | "dark"} Theme */

/** @type {Theme[]} */
const THEMES = ["system", "light", "dark"];

/** @returns {Theme} */
export function theme() {
  const stored = /** @type {Theme} */ (localStorage.getItem(KEY));
  return THEMES.includes(stored) ? stored : "system";
}

/** Shows the theme that was chosen last. */
export function applyTheme() {
  const chosen = theme();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

/** Goes on to the next one: system, light, dark. */
export function nextTheme() {
  localStorage.setItem(KEY, THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
  applyTheme();
}
