// @ts-check
// How the bots file and the tools stand, which are followed while the playground runs.
import { closeButton, icon } from "./icons.js";
import { html, nothing } from "./lit.js";
import { t } from "./texts.js";

/** @import {Playground} from "./playground.js" */

/** Stands over everything until the files are mended, or the owner of the host knows. @param {Playground} app */
export function filesBanner(app) {
  return html`<div role="status">${banner(app)}</div>`;
}

/** @param {Playground} app */
function banner(app) {
  const { problems, for_owner } = app.world.files;
  if (problems.length > 0) {
    return html`
      <section class="files-banner" data-testid="files-banner" aria-label=${t("files.wrong")}>
        ${icon("warn")}
        <div>
          <p>${t("files.wrongLine")}</p>
          <ul>${problems.map((problem) => html`<li dir="auto">${problem}</li>`)}</ul>
        </div>
      </section>
    `;
  }
  if (!for_owner || app.ownerKnows) return nothing;
  return html`
    <section class="files-banner" data-testid="files-banner" aria-label=${t("files.changed")}>
      ${icon("warn")}
      <p>${t("files.forOwner")}</p>
      ${closeButton(t("page.dismiss"), () => app.ownerIsTold())}
    </section>
  `;
}
