// @ts-check
// A place to send: its name and where it is.
import { createRef, html, ref } from "./lit.js";
import { place } from "./popover.js";
import { t } from "./texts.js";

/** @import {Ref} from "./lit.js" */

export class PlaceForm {
  /** @type {Ref<HTMLElement>} */
  #panel = createRef();

  /**
   * @param {() => void} changed
   * @param {(place: {kind: "location", title: string, latitude: number, longitude: number}) => void} onPlace
   */
  constructor(changed, onPlace) {
    this.changed = changed;
    this.onPlace = onPlace;
  }

  view() {
    return html`
      <div id="place-form" popover class="popover place-form" data-testid="place-form" role="group"
        aria-label=${t("place.label")} ${ref(this.#panel)} @beforetoggle=${place("above", "start", ".composer-box")}>
        <form @submit=${this.#submit}>
          <label class="field">${t("place.name")}
            <input name="title" data-testid="place-title" maxlength="255" required autofocus autocomplete="off"
              placeholder=${t("place.example")} dir="auto" /></label>
          <div class="two">
            <label class="field">${t("place.latitude")}
              <input name="latitude" data-testid="place-latitude" type="number" min="-90" max="90" step="any"
                required placeholder="48.2056" /></label>
            <label class="field">${t("place.longitude")}
              <input name="longitude" data-testid="place-longitude" type="number" min="-180" max="180" step="any"
                required placeholder="16.3665" /></label>
          </div>
          <p class="dialog-end"><button class="primary" data-testid="place-attach">${t("place.attach")}</button></p>
        </form>
      </div>
    `;
  }

  /** @param {SubmitEvent} event */
  #submit = (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const said = new FormData(form);
    this.onPlace({
      kind: "location",
      title: String(said.get("title")).trim(),
      latitude: Number(said.get("latitude")),
      longitude: Number(said.get("longitude")),
    });
    form.reset();
    this.#panel.value?.hidePopover();
  };
}
