// @ts-check
// What a message carries beside words, as its bubble shows it.
import { icon } from "./icons.js";
import { html, nothing } from "./lit.js";
import { t } from "./texts.js";

/** @import {Medium} from "./contract.js" */

/** @param {number} bytes */
export function bytes(bytes) {
  if (bytes < 1000) return t("medium.bytes", { count: bytes });
  if (bytes < 1e6) return t("medium.kB", { count: Math.round(bytes / 1000) });
  return t("medium.MB", { count: (bytes / 1e6).toFixed(1) });
}

/** @param {number} milliseconds @returns {string} as in 0:03 */
export function length(milliseconds) {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** @param {number} latitude @param {number} longitude */
const position = (latitude, longitude) =>
  [
    t(latitude < 0 ? "medium.south" : "medium.north", { degrees: Math.abs(latitude) }),
    t(longitude < 0 ? "medium.west" : "medium.east", { degrees: Math.abs(longitude) }),
  ].join(t("page.comma"));

/** @param {Medium} medium */
const size = ({ width, height }) => (width && height ? `${width} × ${height}` : "");

/** In a few words, for a line of the list or for who does not see it. @param {Medium} medium */
export function inWords(medium) {
  const about = {
    picture: size(medium),
    audio: medium.milliseconds ? length(medium.milliseconds) : "",
    video: medium.milliseconds ? length(medium.milliseconds) : size(medium),
    file: medium.name,
    location: medium.title,
    custom: "",
    tip: medium.words,
  }[medium.kind];
  return [t(`medium.${medium.kind}`), about].filter(Boolean).join(t("page.comma"));
}

/** A message in one line, whatever it is. @param {{medium: Medium | null, text: string}} message */
export const inShort = ({ medium, text }) => [medium && inWords(medium), text].filter(Boolean).join(t("page.colon"));

/** @param {Medium} medium */
export const mediumView = (medium) => html`
  <div class="medium" data-testid="medium" data-kind=${medium.kind}>${VIEWS[medium.kind](medium)}</div>
`;

/** @type {Record<Medium["kind"], (medium: Medium) => unknown>} */
const VIEWS = {
  picture: (medium) => (medium.src ? picture(medium, medium.src) : card("picture", medium)),
  audio: (medium) =>
    medium.src
      ? html`<audio controls preload="metadata" src=${medium.src} aria-label=${inWords(medium)}></audio>`
      : card("mic", medium),
  video: (medium) =>
    medium.src
      ? html`<video controls playsinline preload="metadata" src=${medium.src} aria-label=${inWords(medium)}
          width=${medium.width || nothing} height=${medium.height || nothing}></video>`
      : card("video", medium),
  file: (medium) => {
    const known = [medium.size ? bytes(medium.size) : ""].filter(Boolean);
    return medium.src
      ? html`<a class="card" href=${medium.src} download=${medium.name || "file"} data-testid="file">
          ${icon("file")}<span><bdi>${medium.name || t("medium.file")}</bdi> <small>${known}</small></span></a>`
      : card("file", medium, known);
  },
  location: (medium) => {
    const { latitude, longitude } = medium;
    const known = latitude !== null && longitude !== null;
    return card("place", medium, known ? [position(latitude, longitude)] : []);
  },
  custom: (medium) => card("custom", medium, [medium.words]),
  tip: (medium) => card("info", medium),
};

/** @param {Medium} medium @param {string} src */
const picture = (medium, src) => html`
  <button class="picture" data-testid="zoom" aria-label=${t("medium.large", { what: inWords(medium) })}
    @click=${() => zoom(medium, src)}>
    <img src=${src} alt="" width=${medium.width || nothing} height=${medium.height || nothing}
      @error=${gone} />
  </button>
`;

/** The storage has it no more, or a browser cannot show it. @param {Event} event */
function gone(event) {
  const image = /** @type {HTMLImageElement} */ (event.target);
  image.closest("button")?.setAttribute("data-broken", "true");
}

/**
 * @param {import("./icons.js").IconName} name
 * @param {Medium} medium
 * @param {string[]} [more]
 */
const card = (name, medium, more = []) => html`
  <div class="card">
    ${icon(name)}
    <span>
      <bdi>${medium.name || medium.title || (medium.kind === "tip" && medium.words) || t(`medium.${medium.kind}`)}</bdi>
      ${more.filter(Boolean).map((line) => html`<small dir="auto">${line}</small>`)}
      ${
        medium.elsewhere
          ? html`<small><a href=${medium.elsewhere} target="_blank" rel="noopener noreferrer nofollow">${t(
              "medium.on",
              { host: new URL(medium.elsewhere).host },
            )}</a></small>`
          : nothing
      }
    </span>
  </div>
`;

/** Shows a picture as large as the window; Esc, or a click, closes it. @param {Medium} medium @param {string} src */
function zoom(medium, src) {
  const dialog = document.createElement("dialog");
  dialog.className = "lightbox";
  dialog.dataset.testid = "lightbox";
  dialog.setAttribute("aria-label", inWords(medium));
  const image = Object.assign(document.createElement("img"), { src, alt: inWords(medium) });
  const close = Object.assign(document.createElement("button"), { type: "button", textContent: t("page.close") });
  dialog.append(image, close);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
