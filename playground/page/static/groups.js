// @ts-check
// The dialog for a new group, and for the name and members of one that is there.
import { closeButton } from "./icons.js";
import { createRef, html, live, nothing, ref, repeat } from "./lit.js";
import { face } from "./people.js";
import { t } from "./texts.js";

/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

export class GroupDialog {
  /** @type {Ref<HTMLDialogElement>} */
  #dialog = createRef();
  /** @type {string | null} null for a new group */
  #tid = null;
  #name = "";
  /** @type {Set<string>} */
  #members = new Set();

  /** @param {Playground} app */
  constructor(app) {
    this.app = app;
  }

  openNew() {
    const bot = this.app.world.bots.keys().next().value;
    this.#open(null, "", bot ? [this.app.me, bot] : [this.app.me]);
  }

  /** @param {string} tid */
  openFor(tid) {
    const team = this.app.world.teams.get(tid);
    if (team) this.#open(tid, team.name, team.members);
  }

  view() {
    const { world, me } = this.app;
    const everybody = [...world.users.values(), ...world.bots.values()];
    return html`
      <dialog class="dialog" data-testid="group-dialog" aria-labelledby="group-title"
        closedby="any" ${ref(this.#dialog)}>
        <form @submit=${this.#save}>
          <header class="panel-head">
            <h2 id="group-title">${this.#tid === null ? t("group.new") : t("group.edit")}</h2>
            ${closeButton(t("page.close"), this.#close)}
          </header>
          <label class="field">${t("group.name")}
            <input data-testid="group-name" required maxlength="64" dir="auto" autocomplete="off" autofocus
              placeholder=${t("group.example")} .value=${live(this.#name)} @input=${this.#rename} />
          </label>
          <fieldset class="members">
            <legend>${t("group.members")}</legend>
            ${repeat(
              everybody,
              ({ accid }) => accid,
              ({ accid, name }) => html`
              <label>
                <input type="checkbox" data-testid="group-member" value=${accid} ?disabled=${accid === me}
                  .checked=${live(this.#members.has(accid))} @change=${this.#choose} />
                ${face(world, accid)}<bdi>${name}</bdi>
                ${accid === me ? html`<small class="tag">${t("list.me")}</small>` : nothing}
                ${world.bots.has(accid) ? html`<small class="tag">${t("list.bot")}</small>` : nothing}
              </label>`,
            )}
          </fieldset>
          <footer class="dialog-end">
            <button type="button" class="quiet" @click=${this.#close}>${t("page.cancel")}</button>
            <button class="primary" data-testid="group-save">
              ${this.#tid === null ? t("group.create") : t("page.save")}
            </button>
          </footer>
        </form>
      </dialog>
    `;
  }

  /** @param {string | null} tid @param {string} name @param {string[]} members */
  #open(tid, name, members) {
    this.#tid = tid;
    this.#name = name;
    this.#members = new Set(members);
    this.app.changed();
    this.#dialog.value?.showModal();
  }

  #close = () => this.#dialog.value?.close();

  /** @param {Event} event */
  #rename = (event) => {
    this.#name = /** @type {HTMLInputElement} */ (event.target).value;
  };

  /** @param {Event} event */
  #choose = (event) => {
    const { value, checked } = /** @type {HTMLInputElement} */ (event.target);
    if (checked) this.#members.add(value);
    else this.#members.delete(value);
  };

  /** @param {Event} event */
  #save = async (event) => {
    event.preventDefault();
    const content = { name: this.#name.trim(), members: [...this.#members] };
    if (content.name && (await this.app.saveTeam(this.#tid, content))) this.#close();
  };
}
