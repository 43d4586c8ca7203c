// @ts-check
// What one has attached and not yet sent: files by button, drag or paste, recordings, places.
import * as api from "./api.js";
import { closeButton, icon } from "./icons.js";
import { createRef, html, nothing, ref } from "./lit.js";
import { bytes, length } from "./medium.js";
import { PlaceForm } from "./place.js";
import { Recorder, readySound } from "./sound.js";
import { pieces, t } from "./texts.js";

/** @import {NewMedium} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

// The platform's limit for what is uploaded.
const MAX_MB = 15;
const VIDEO_MS = 5000;

/**
 * @typedef {{kind: "location", title: string, latitude: number, longitude: number}} Place
 * @typedef {{
 *   kind: "picture" | "audio" | "video" | "file",
 *   file: File, preview: string, width: number, height: number, milliseconds: number,
 * }} Chosen
 * @typedef {Place | Chosen} Attached
 */

/** @param {File} file @returns {Chosen["kind"]} */
function kindOf({ type }) {
  if (/^image\/(?!svg)/.test(type)) return "picture";
  if (type.startsWith("audio/")) return "audio";
  return type.startsWith("video/") ? "video" : "file";
}

export class Attachments {
  /** @type {Map<string, Attached[]>} by chat */
  #attached = new Map();
  /** @type {Ref<HTMLInputElement>} */
  #input = createRef();
  #reading = 0;

  /** @param {Playground} app @param {() => void} focus puts the keyboard where one writes */
  constructor(app, focus) {
    this.app = app;
    this.focus = focus;
    this.recorder = new Recorder(app.changed, (file) => this.add([file]));
    this.place = new PlaceForm(app.changed, (place) => this.#put(app.tab.chat, place));
    document.addEventListener("dragover", (event) => this.#dragged(event, true));
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? this.#dragged(event, false));
    document.addEventListener("drop", (event) => {
      this.#dragged(event, false);
      this.add([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** Whether something may still come that belongs to the message. */
  get isBusy() {
    return this.#reading > 0 || this.recorder.isOn;
  }

  /** @param {string} chat @returns {Attached[]} */
  of(chat) {
    return this.#attached.get(chat) ?? [];
  }

  /** Takes what is attached away, to send it. @param {string} chat @returns {Attached[]} */
  take(chat) {
    const taken = this.of(chat);
    this.#attached.delete(chat);
    return taken;
  }

  /** What was not taken by the server is attached again. @param {string} chat @param {Attached[]} attached */
  giveBack(chat, attached) {
    this.#attached.set(chat, [...attached, ...this.of(chat)]);
  }

  /** @param {File[]} files */
  async add(files) {
    const chat = this.app.tab.chat;
    if (!this.app.ready || !this.app.conversation) return;
    for (const file of files) {
      if (file.size > MAX_MB * 1024 * 1024) {
        const name = file.name || t("attach.it");
        const size = Math.ceil(file.size / (1024 * 1024));
        this.app.tell(t("attach.tooLarge", { name, size, most: MAX_MB }));
        continue;
      }
      if (file.size === 0) {
        this.app.tell(t("attach.empty", { name: file.name }));
        continue;
      }
      this.#reading += 1;
      this.app.changed();
      const chosen = await measured(file);
      this.#reading -= 1;
      this.#put(chat, chosen);
    }
    this.focus();
  }

  /** Pasted files are attached; pasted text is not ours. @param {ClipboardEvent} event */
  pasted = (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.add(files);
  };

  /** The buttons of the composer. */
  buttons() {
    return html`
      <input type="file" multiple hidden data-testid="attach-input" aria-label=${t("attach.files")}
        ${ref(this.#input)} @change=${this.#chosen} />
      <button class="icon-button" data-testid="attach" aria-label=${t("attach.button")}
        title=${t("attach.button")} @click=${() => this.#input.value?.click()}>${icon("clip")}</button>
      <button class="icon-button" data-testid="record" aria-label=${t("attach.record")}
        title=${t("attach.record")} ?disabled=${this.recorder.isOn} @click=${this.#record}>${icon("mic")}</button>
      <button class="icon-button" data-testid="place" popovertarget="place-form" aria-label=${t("attach.place")}
        title=${t("attach.place")}>${icon("place")}</button>
    `;
  }

  /** What is attached, above the text. @param {string} chat */
  view(chat) {
    const attached = this.of(chat);
    const { recorder } = this;
    if (attached.length === 0 && !recorder.isOn && this.#reading === 0) return nothing;
    return html`
      <ul class="attached" aria-label=${t("attach.attached")}>
        ${attached.map(
          (one) => html`<li data-testid="attached" data-kind=${one.kind}>
          ${face(one)}<span><bdi>${"file" in one ? one.file.name : one.title}</bdi> <small>${about(one)}</small></span>
          ${closeButton(t("attach.remove"), () => this.#remove(chat, one), "attached-remove")}</li>`,
        )}
        ${this.#reading > 0 ? html`<li><small>${t("attach.reading")}</small></li>` : nothing}
        ${
          recorder.isOn
            ? html`<li data-testid="recording" class="recording"><span class="dot"></span>
              <span>${pieces("attach.recording", { length: html`<small>${length(recorder.milliseconds)}</small>` })}</span>
              <button class="quiet" data-testid="record-stop" @click=${() => recorder.stop()}>${t("attach.done")}</button>
              ${closeButton(t("attach.discard"), () => recorder.cancel(), "record-cancel")}</li>`
            : nothing
        }
      </ul>
    `;
  }

  /**
   * Uploads something; a place is nothing to upload.
   * @param {Attached} attached
   * @returns {Promise<NewMedium>}
   */
  async upload(attached) {
    if (attached.kind === "location") return attached;
    const { kind, file } = attached;
    const { src, ...stored } = await api.storeMedia(file);
    const { width, height, milliseconds } = kind === "video" ? await filmed(src, stored.url) : attached;
    return { kind, ...stored, name: file.name, type: file.type, width, height, milliseconds };
  }

  #record = async () => {
    if (await this.recorder.start()) return;
    this.app.tell(t("attach.noMicrophone"));
  };

  #chosen = () => {
    const input = /** @type {HTMLInputElement} */ (this.#input.value);
    this.add([...(input.files ?? [])]);
    input.value = "";
  };

  /** @param {DragEvent} event @param {boolean} over */
  #dragged(event, over) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.documentElement.toggleAttribute("data-dropping", over);
  }

  /** @param {string} chat @param {Attached} attached */
  #put(chat, attached) {
    this.#attached.set(chat, [...this.of(chat), attached]);
    this.app.changed();
  }

  /** @param {string} chat @param {Attached} attached */
  #remove(chat, attached) {
    this.#attached.set(
      chat,
      this.of(chat).filter((one) => one !== attached),
    );
    this.app.changed();
    this.focus();
  }
}

/** @param {Attached} attached */
const face = (attached) =>
  "preview" in attached && attached.preview
    ? html`<img src=${attached.preview} alt="" />`
    : icon(
        /** @type {const} */ ({
          picture: "picture",
          audio: "mic",
          video: "video",
          file: "file",
          location: "place",
        })[attached.kind],
      );

/** @param {Attached} attached */
function about(attached) {
  if (attached.kind === "location") return `${attached.latitude}, ${attached.longitude}`;
  const { file, width, height, milliseconds } = attached;
  return [width ? `${width} × ${height}` : "", milliseconds ? length(milliseconds) : "", bytes(file.size)]
    .filter(Boolean)
    .join(" · ");
}

/** @param {File} file @returns {Promise<Chosen>} */
async function measured(file) {
  const kind = kindOf(file);
  const nothingKnown = { kind, file, preview: "", width: 0, height: 0, milliseconds: 0 };
  if (kind === "audio") return { ...nothingKnown, ...(await readySound(file)) };
  if (kind !== "picture") return nothingKnown;
  try {
    const image = await createImageBitmap(file);
    return { ...nothingKnown, width: image.width, height: image.height, preview: small(image) };
  } catch {
    return nothingKnown; // a picture that this browser does not know: others may
  }
}

/** @param {ImageBitmap} image @returns {string} a data: URL of a small one */
function small(image) {
  const scale = Math.min(1, 96 / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
}

/**
 * Measures a film that is stored, and stores its first picture: the storage cannot read films.
 * @param {string} src
 * @param {string} url of the storage
 */
async function filmed(src, url) {
  const video = Object.assign(document.createElement("video"), { muted: true, preload: "auto", src });
  const loaded = await new Promise((resolve) => {
    video.onloadeddata = () => resolve(true);
    video.onerror = () => resolve(false);
    setTimeout(() => resolve(false), VIDEO_MS);
  });
  if (!loaded) return { width: 0, height: 0, milliseconds: 0 };
  const { videoWidth: width, videoHeight: height, duration } = video;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  /** @type {Blob | null} */
  const frame = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (frame) await api.storeMedia(frame, url);
  return { width, height, milliseconds: Number.isFinite(duration) ? Math.round(duration * 1000) : 0 };
}
