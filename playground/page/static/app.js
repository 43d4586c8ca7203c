// @ts-check
// The page: puts its parts together, draws them again after every change, and listens to the server.
import { loadState } from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { faultsBanner } from "./faults.js";
import { filesBanner } from "./files.js";
import { GroupDialog } from "./groups.js";
import { Inspector } from "./inspector.js";
import { html, nothing, render } from "./lit.js";
import { follow } from "./live.js";
import { EditDialog } from "./own.js";
import { Playground } from "./playground.js";
import { closeTopmost } from "./popover.js";
import { Scenarios } from "./scenarios.js";
import { sidebar } from "./sidebar.js";
import { Tab } from "./tab.js";
import { t } from "./texts.js";
import { applyTheme } from "./theme.js";
import { Workbench } from "./workbench.js";

// Ages and countdowns move on without an event.
const REDRAW_MS = 30_000;
// Those that one looks at, by the second.
const TICK_MS = 1000;

applyTheme();

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
for (const heading of root.querySelectorAll("h1")) heading.textContent = t("page.starting");
let drawing = false;

/** Draws once for all changes of one moment. */
const changed = () => {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    draw();
  });
};

/** The drawing of a change that was just made comes before this. @param {() => void} action */
const whenDrawn = (action) => queueMicrotask(action);

const app = new Playground(new Tab(), changed);
const composer = new Composer(app);
const groups = new GroupDialog(app);
const scenarios = new Scenarios(app);
const editing = new EditDialog(app, (id) => chat.focus(id));
const workbench = new Workbench(app, {
  write: (text) => composer.write(text),
  focus: (id) => whenDrawn(() => chat.focus(id)),
  edit: (message) => editing.open(message),
  // The menu goes with what can be done: the keyboard stays at the message.
  recall: (message) => app.recall(message.id).then(() => whenDrawn(() => chat.focus(message.id))),
  showMemory: (message) => {
    app.select(message.id);
    inspector.show("rows");
  },
});
const chat = new Chat(app, {
  ...workbench.actions,
  write: (text) => composer.write(text),
  editGroup: (tid) => groups.openFor(tid),
  replay: () => scenarios.choose(),
  enterInspector: () => whenDrawn(() => inspector.enter()),
});
const inspector = new Inspector(app, (id) => whenDrawn(() => chat.focus(id)));

function draw() {
  root.dataset.connection = app.connection;
  if (!app.ready) return;
  if (!root.dataset.ready) root.replaceChildren();
  root.dataset.ready = "true";
  root.dataset.user = app.me;
  root.dataset.pane = app.pane;
  root.dataset.inspecting = String(app.inspecting);
  const covered = app.inspecting && !app.wide;
  render(
    html`
    <header class="visually-hidden"><h1>${t("page.heading")}</h1></header>
    ${filesBanner(app)}
    ${faultsBanner(app)}
    <div class="panes">
      <div class="side" role=${app.onlyList ? "main" : nothing} ?inert=${covered}>${sidebar(app, () => groups.openNew())}</div>
      <div class="middle" ?inert=${covered}>${chat.view(composer.view())}</div>
      ${covered ? html`<div class="scrim" @click=${() => inspector.close()}></div>` : nothing}
      ${inspector.view()}
    </div>
    ${groups.view()}
    ${editing.view()}
    ${workbench.view()}
    ${scenarios.view()}
    <div class="notices">
      <div role="status">
        ${app.connection === "reconnecting" ? html`<p class="notice">${t("page.reconnecting")}</p>` : nothing}
      </div>
      <div role="alert">${app.notices.view(() => composer.focus())}</div>
    </div>
  `,
    root,
  );
  const unread = app.conversations.filter((conversation) => app.isUnread(conversation)).length;
  document.title = t(unread > 0 ? "page.title.unread" : "page.title", { unread, name: app.world.name(app.me) });
  composer.drawn();
  chat.drawn();
  inspector.drawn();
}

/** One press closes one thing: what lies on top, then the options, then the inspector. @param {KeyboardEvent} event */
const escape = (event) => {
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || !app.ready) return;
  const { target } = event;
  if (target instanceof HTMLInputElement && target.type === "search" && target.value) return; // is emptied first
  event.preventDefault();
  if (closeTopmost() || composer.closeOptions(target)) return;
  if (app.inspecting) inspector.close();
};
document.addEventListener("keydown", escape);
setInterval(changed, REDRAW_MS);
setInterval(() => app.ready && (inspector.ticks || chat.ticks) && changed(), TICK_MS);

follow({
  load: loadState,
  onState: (state) => app.load(state),
  onEvent: (event) => app.receive(event),
  onLost: () => app.lose(),
});
