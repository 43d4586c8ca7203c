// @ts-check
// Who one is: switch to somebody else, open a tab as somebody else, or bring in a new person.
import { icon } from "./icons.js";
import { createRef, html, nothing, ref, repeat } from "./lit.js";
import { face } from "./people.js";
import { closeAround, place } from "./popover.js";
import { t } from "./texts.js";

/** @import {User} from "./contract.js" */
/** @import {Ref} from "./lit.js" */
/** @import {Playground} from "./playground.js" */

/** @type {Ref<HTMLInputElement>} */
const newName = createRef();

/** @param {Playground} app */
export function userMenu(app) {
  const name = app.world.name(app.me);
  return html`
    <button class="me" data-testid="user-switch" popovertarget="user-menu">
      ${face(app.world, app.me)}
      <span class="me-name"><small>${t("me.youAre")}</small><bdi>${name}</bdi></span>
      ${icon("updown")}
    </button>
    <div id="user-menu" popover class="popover menu" role="group" aria-label=${t("me.change")}
      @beforetoggle=${place("below", "start")}>
      <ul>${repeat(
        [...app.world.users.values()],
        ({ accid }) => accid,
        (user) => choice(app, user),
      )}</ul>
      <form class="add" @submit=${add(app)}>
        <input ${ref(newName)} data-testid="user-new" aria-label=${t("me.newName")}
          placeholder=${t("me.new")} maxlength="32" autocomplete="off" required />
        <button class="quiet" data-testid="user-add">${t("me.add")}</button>
      </form>
    </div>
  `;
}

/** @param {Playground} app @param {User} user */
function choice(app, { accid, name }) {
  const isMe = accid === app.me;
  const become = (/** @type {Event} */ event) => {
    closeAround(event);
    app.become(accid);
  };
  return html`
    <li>
      <button class="menu-item" data-testid="user-option" data-user=${accid} @click=${become}
        aria-current=${isMe ? "true" : nothing}>
        ${face(app.world, accid)}<bdi>${name}</bdi>${isMe ? icon("check") : nothing}
      </button>
      <a class="icon-button" data-testid="user-tab" data-user=${accid}
        href="/?as=${encodeURIComponent(accid)}" target="_blank" rel="noopener"
        aria-label=${t("me.openTab", { name })} title=${t("me.openTab", { name })}>
        ${icon("external")}
      </a>
    </li>
  `;
}

/** @param {Playground} app @returns {(event: Event) => void} */
const add = (app) => (event) => {
  event.preventDefault();
  const input = newName.value;
  const name = input?.value.trim();
  if (!input || !name) return;
  input.value = "";
  closeAround(event);
  app.addUser(name);
};
