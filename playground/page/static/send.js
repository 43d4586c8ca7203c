// @ts-check
// Sends what a console sends beside messages: a template, or any body, signed as one likes, with headers of one's own.
import { loadTemplates, sendRequest } from "./api.js";
import { html, live, nothing } from "./lit.js";
import { inShort } from "./medium.js";
import { Modal } from "./modal.js";
import { requestView } from "./requests.js";
import { t } from "./texts.js";

/** @import {Conversation, Message, Signature, Template, WholeRequest} from "./contract.js" */
/** @import {Playground} from "./playground.js" */

/** @type {Signature[]} */
const SIGNATURES = ["good", "bad", "missing"];
// So many of a chat's last messages can be chosen.
const MESSAGES = 30;
const WORDS_CHARS = 48;
const EXAMPLE = "X-Own: 1";

export class SendDialog {
  /** @type {Template[]} */
  #templates = [];
  #name = "";
  #message = "";
  #body = "";
  #headers = "";
  /** @type {Signature} */
  #signature = "good";
  #clock = 0;
  #sending = false;
  /** @type {WholeRequest | null} */
  #answer = null;

  /** @param {Playground} app */
  constructor(app) {
    this.app = app;
    this.modal = new Modal(app.changed, "send-dialog", true);
  }

  /** @param {Message} [message] what a recall or an edit is about; else the last one of one's own */
  async open(message) {
    const { app } = this;
    const own = this.#choices.find(({ sender }) => sender === app.me);
    this.#message = message?.id ?? own?.id ?? "";
    this.#answer = null;
    await this.#load();
    this.modal.open();
  }

  /** @returns {Message[]} newest first */
  get #choices() {
    const { world, tab } = this.app;
    const users = world.messagesOf(tab.chat).filter(({ origin }) => origin === "user");
    return users.slice(-MESSAGES).reverse();
  }

  view() {
    return this.modal.view(t("send.title"), () => this.#form());
  }

  #form() {
    const chosen = this.#templates.find(({ name }) => name === this.#name);
    return html`
        <form @submit=${this.#send}>
          <div class="send-grid">
            <label class="field">${t("send.what")}
              <select data-testid="send-template" autofocus @change=${this.#choose}>
                ${this.#templates.map(
                  ({ name }) => html`<option value=${name} .selected=${live(name === this.#name)}>
                  ${t(`template.${name}`)}</option>`,
                )}
              </select>
            </label>
            <label class="field">${t("send.message")}
              <select data-testid="send-message" @change=${this.#turnTo}>
                <option value="" .selected=${live(this.#message === "")}>${t("send.noMessage")}</option>
                ${this.#choices.map((message) => this.#choice(message))}
              </select>
            </label>
          </div>
          ${chosen ? html`<p class="faint">${t("send.expected", { expected: chosen.expected })}</p>` : nothing}
          <label class="field">${t("send.body")}
            <textarea class="code-text" data-testid="send-body" rows="10" spellcheck="false"
              .value=${live(this.#body)} @input=${this.#take("body")}></textarea>
          </label>
          <label class="field">${t("send.headers")}
            <textarea class="code-text" data-testid="send-headers" rows="2" spellcheck="false"
              placeholder=${EXAMPLE} .value=${live(this.#headers)} @input=${this.#take("headers")}></textarea>
          </label>
          <div class="send-grid">
            <label class="field">${t("send.signature")}
              <select data-testid="send-signature" @change=${this.#sign}>
                ${SIGNATURES.map(
                  (signature) => html`<option value=${signature} .selected=${live(signature === this.#signature)}>
                  ${t(`signature.${signature}`)}</option>`,
                )}
              </select>
            </label>
            <label class="field">${t("send.clock")}
              <input type="number" data-testid="send-clock" min="-14400" max="14400" .value=${live(String(this.#clock))}
                @input=${this.#setClock} />
            </label>
          </div>
          <footer class="dialog-end">
            <button class="primary" data-testid="send-request" ?disabled=${this.#sending}>${t("write.send")}</button>
          </footer>
          <div role="status" data-testid="send-answer">${this.#answer ? requestView(this.#answer, false) : nothing}</div>
        </form>
    `;
  }

  /** @param {Message} message */
  #choice(message) {
    const name = this.app.world.name(message.sender);
    const words = t("list.somebody", { name, text: inShort(message).slice(0, WORDS_CHARS) });
    return html`<option value=${message.id} .selected=${live(message.id === this.#message)}>${words}</option>`;
  }

  /** Asks for the bodies as they are now: they hold times and new ids. */
  async #load() {
    const { app } = this;
    const conversation = /** @type {Conversation} */ (app.conversation);
    const found = await app.attempt(loadTemplates(app.me, conversation, this.#message));
    this.#templates = found ?? [];
    const chosen = this.#templates.find(({ name }) => name === this.#name) ?? this.#templates[0];
    this.#name = chosen?.name ?? "";
    this.#body = chosen?.body ?? "";
    this.#clock = chosen?.clock_minutes ?? 0;
    app.changed();
  }

  /** @param {Event} event */
  #choose = (event) => {
    this.#name = /** @type {HTMLSelectElement} */ (event.target).value;
    this.#answer = null;
    this.#load();
  };

  /** @param {Event} event */
  #turnTo = (event) => {
    this.#message = /** @type {HTMLSelectElement} */ (event.target).value;
    this.#load();
  };

  /** @param {Event} event */
  #sign = (event) => {
    this.#signature = /** @type {Signature} */ (/** @type {HTMLSelectElement} */ (event.target).value);
  };

  /** @param {Event} event */
  #setClock = (event) => {
    this.#clock = Number(/** @type {HTMLInputElement} */ (event.target).value);
  };

  /** @param {"body" | "headers"} field @returns {(event: Event) => void} */
  #take(field) {
    return (event) => {
      const { value } = /** @type {HTMLTextAreaElement} */ (event.target);
      if (field === "body") this.#body = value;
      else this.#headers = value;
    };
  }

  /** @param {Event} event */
  #send = async (event) => {
    event.preventDefault();
    this.#sending = true;
    this.app.changed();
    const request = { body: this.#body, headers: headersIn(this.#headers) };
    const signed = { signature: this.#signature, clock_minutes: this.#clock };
    this.#answer = await this.app.attempt(sendRequest({ ...request, ...signed }));
    this.#sending = false;
    this.app.changed();
  };
}

/** @param {string} text a header a line @returns {Record<string, string>} */
function headersIn(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const parts = lines.map((line) => line.split(":"));
  return Object.fromEntries(parts.map(([name, ...value]) => [name.trim(), value.join(":").trim()]));
}
