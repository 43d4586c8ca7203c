// @ts-check
// The icons: strokes on a 24 by 24 grid, in the colour of the text around them. Always decoration.
import { html, nothing, svg } from "./lit.js";

const PATHS = {
  send: svg`<path d="M4.5 12 3.6 5.2c-.1-.8.7-1.4 1.4-1L20 12 5 19.8c-.7.4-1.5-.2-1.4-1L4.5 12Zm0 0H12" />`,
  smile: svg`<circle cx="12" cy="12" r="8.5" /><path d="M8.5 14.2a4.3 4.3 0 0 0 7 0M9.2 9.6v.2M14.8 9.6v.2" />`,
  options: svg`<path d="M4 8h9m5 0h2M4 16h2m5 0h9" /><circle cx="15.5" cy="8" r="2.5" /><circle cx="8.5" cy="16" r="2.5" />`,
  bolt: svg`<path d="M13 3 5 13.5h6L10 21l9-11.5h-6.5L13 3Z" />`,
  more: svg`<path d="M5.5 12v.01M12 12v.01M18.5 12v.01" stroke-width="2.6" />`,
  panel: svg`<rect x="3.5" y="5" width="17" height="14" rx="2.5" /><path d="M14.5 5v14M17 9h1M17 12h1" />`,
  close: svg`<path d="m6.5 6.5 11 11m0-11-11 11" />`,
  back: svg`<path d="M14.5 5.5 8 12l6.5 6.5" />`,
  plus: svg`<path d="M12 5v14M5 12h14" />`,
  down: svg`<path d="M12 5v14m-6-6 6 6 6-6" />`,
  updown: svg`<path d="m8 9.5 4-4 4 4m-8 5 4 4 4-4" />`,
  check: svg`<path d="m5 12.5 4.5 4.5L19 7.5" />`,
  clock: svg`<circle cx="12" cy="12" r="8.5" /><path d="M12 7.5V12l3 2" />`,
  info: svg`<circle cx="12" cy="12" r="8.5" /><path d="M12 11v5m0-8.2v.2" />`,
  warn: svg`<path d="M12 4 3.2 19h17.6L12 4Zm0 6v4m0 2.6v.1" />`,
  error: svg`<circle cx="12" cy="12" r="8.5" /><path d="m9 9 6 6m0-6-6 6" />`,
  skip: svg`<circle cx="12" cy="12" r="8.5" /><path d="m6 6 12 12" />`,
  system: svg`<rect x="3.5" y="5" width="17" height="11.5" rx="2" /><path d="M9 20h6m-3-3.5V20" />`,
  light: svg`<circle cx="12" cy="12" r="3.8" /><path d="M12 3v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4m0-12.8L17 7M7 17l-1.4 1.4" />`,
  dark: svg`<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z" />`,
  copy: svg`<rect x="8.5" y="8.5" width="11" height="11" rx="2.2" /><path d="M5.5 15.5a2 2 0 0 1-1-1.7V6.5a2 2 0 0 1 2-2h7.3a2 2 0 0 1 1.7 1" />`,
  external: svg`<path d="M13.5 5H19v5.5M19 5l-8 8M10.5 6.5H7a2 2 0 0 0-2 2V17a2 2 0 0 0 2 2h8.500a2 2 0 0 0 2-2v-3.5" />`,
  download: svg`<path d="M12 4v10.500m-4.5-4 4.5 4.5 4.5-4.500M5 19.500h14" />`,
  replay: svg`<path d="M5 5v5h5M5.5 10A7.5 7.5 0 1 1 4.5 13.5" />`,
  group: svg`<circle cx="9" cy="9" r="3.2" /><path d="M3.5 19c.3-3 2.6-4.8 5.5-4.800s5.2 1.8 5.5 4.800M15.5 6.200a3 3 0 0 1 0 5.600M17.5 14.700c1.8.7 2.9 2.2 3 4.3" />`,
  power: svg`<path d="M12 4v8M7.5 6.800a7.2 7.2 0 1 0 9 0" />`,
  clip: svg`<path d="m19 11.500-7.300 7.300a4.600 4.600 0 0 1-6.500-6.500l7.900-7.900a3.100 3.100 0 0 1 4.400 4.400l-7.900 7.900a1.500 1.500 0 0 1-2.200-2.200l7.200-7.200" />`,
  mic: svg`<rect x="9" y="3.500" width="6" height="11" rx="3" /><path d="M5.5 11.500a6.500 6.500 0 0 0 13 0M12 18v3" />`,
  place: svg`<path d="M12 21s-6.500-5.600-6.500-11a6.500 6.500 0 0 1 13 0c0 5.400-6.500 11-6.500 11Z" /><circle cx="12" cy="10" r="2.300" />`,
  file: svg`<path d="M7 3.500h6.500l4.500 4.500v12.500H7a1.500 1.500 0 0 1-1.500-1.500V5A1.500 1.500 0 0 1 7 3.500Zm6 0v5h5" />`,
  picture: svg`<rect x="3.500" y="5" width="17" height="14" rx="2.500" /><circle cx="8.500" cy="10" r="1.500" /><path d="m4 17 5-4 3.500 2.500L16 12l4.500 4" />`,
  video: svg`<rect x="3.500" y="6" width="12" height="12" rx="2.500" /><path d="m15.500 11 5-3v8l-5-3" />`,
  custom: svg`<path d="m8.500 8-4 4 4 4m7-8 4 4-4 4M13.500 6l-3 12" />`,
  pencil: svg`<path d="m4.5 19.5 1-4.5L15.5 5a2 2 0 0 1 3 0l.5.5a2 2 0 0 1 0 3L9 18.5l-4.5 1Zm9-12.5 3.5 3.5" />`,
  search: svg`<circle cx="10.5" cy="10.5" r="6" /><path d="m15 15 5 5" />`,
  trash: svg`<path d="M4.5 7h15M9 7V4.500h6V7M6.500 7l.8 12.500h9.4L17.500 7M10 10.500v6m4-6v6" />`,
  keys: svg`<rect x="3" y="6.500" width="18" height="11" rx="2" /><path d="M7 10v.01M10.300 10v.01M13.700 10v.01M17 10v.01M8 14h8" />`,
  undo: svg`<path d="M8.5 5 4 9.5 8.5 14M4 9.5h10a5 5 0 0 1 0 10h-3" />`,
  // One for each kind of step.
  media: svg`<rect x="3.500" y="5" width="17" height="14" rx="2.500" /><path d="M12 8.500v6m-2.500-2.300 2.500 2.500 2.500-2.500" />`,
  request: svg`<path d="M6.5 17.5 17.5 6.500m-8 0h8v8" />`,
  answer: svg`<path d="M17.5 6.5 6.5 17.500m8 0h-8v-8" />`,
  queue: svg`<path d="M4.5 8 12 4l7.5 4L12 12 4.5 8Zm0 4 7.5 4 7.5-4m-15 4 7.5 4 7.5-4" />`,
  turn: svg`<path d="M5 12a7 7 0 0 1 12.5-4.300L19.5 10m0-5v5h-5M19 12a7 7 0 0 1-12.5 4.300L4.5 14m0 5v-5h5" />`,
  claim: svg`<path d="M6 20.500V4.500m0 .5h11.500l-2.5 4 2.5 4H6" />`,
  limits: svg`<path d="M4.5 17a8.5 8.5 0 1 1 15 0M12 13l4-4.5" />`,
  lease: svg`<rect x="5.5" y="10.5" width="13" height="9.5" rx="2" /><path d="M8.5 10.500V8a3.5 3.5 0 0 1 7 0v2.5" />`,
  storage: svg`<ellipse cx="12" cy="6.5" rx="7" ry="2.8" /><path d="M5 6.500v11c0 1.5 3.1 2.8 7 2.800s7-1.3 7-2.800v-11M5 12c0 1.5 3.1 2.8 7 2.800s7-1.3 7-2.8" />`,
  window: svg`<path d="M5 6.500h14M5 11h10M5 15.500h14M5 20h7" />`,
  model: svg`<path d="M12 3.500c.8 4.8 3.7 7.7 8.5 8.5-4.8.8-7.7 3.7-8.5 8.5-.8-4.8-3.7-7.7-8.5-8.5 4.8-.8 7.7-3.7 8.5-8.500Z" />`,
  round: svg`<path d="M7 5.500 3.500 9 7 12.500M3.500 9h11a6 6 0 0 1 0 12h-3" />`,
  tool: svg`<path d="M15 4.200a5 5 0 0 0-5.300 7L4 16.900a2.200 2.200 0 0 0 3.100 3.100l5.700-5.700a5 5 0 0 0 7-5.300l-3.100 3.100-3.300-.5-.5-3.300L16 5.200" />`,
  store: svg`<path d="M12 4v9m-3.5-3 3.5 3.5 3.5-3.500M4.5 14v4a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2v-4" />`,
  im: svg`<path d="M12 4.500c4.7 0 8.5 3.1 8.5 7s-3.8 7-8.5 7c-1 0-2-.1-2.9-.4L4.5 20l1.2-3.800c-1.4-1.2-2.2-2.9-2.2-4.7 0-3.9 3.8-7 8.5-7Z" />`,
  reply: svg`<path d="M12 4.500c4.7 0 8.5 3.1 8.5 7s-3.8 7-8.5 7c-1 0-2-.1-2.9-.4L4.5 20l1.2-3.800c-1.4-1.2-2.2-2.9-2.2-4.7 0-3.9 3.8-7 8.5-7Zm-3.5 7 2.5 2.5 4.5-4.5" />`,
  note: svg`<path d="M6 4.500h12v15l-6-3.5-6 3.500v-15Z" />`,
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name */
export const icon = (name) =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${PATHS[name]}</svg>`;

/** A count on a button. @param {number} count nothing is shown for 0 @param {string} word is read out after it */
export const badge = (count, word) =>
  count === 0
    ? nothing
    : html`<span class="badge">${count}<span class="visually-hidden"> ${word}</span></span>`;

/** @param {string} label @param {(event: Event) => void} close @param {string} [testId] */
export const closeButton = (label, close, testId = "close") => html`
  <button type="button" class="icon-button" data-testid=${testId} aria-label=${label} @click=${close}>
    ${icon("close")}
  </button>
`;

/** @param {string} kind of a step @returns {IconName} */
export const stepIcon = (kind) => (kind in PATHS ? /** @type {IconName} */ (kind) : "note");
