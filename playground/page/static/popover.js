// @ts-check
// Small panels over the page: the browser's own popovers, which Esc and a click elsewhere close. They stand
// at the button that opens them; a narrow window shows them at its lower edge instead (css/panels.css).

const GAP_PX = 8;

/**
 * Puts a popover at its button, or at a box around that.
 * @param {"below" | "above" | "roomier"} wanted side; the last is the one with more room
 * @param {"start" | "end"} edge which edges of the two are in line
 * @param {string} [box] selects an element around the button
 * @returns {(event: Event) => void} for the popover's `beforetoggle`
 */
export const place = (wanted, edge, box) => (event) => {
  const panel = /** @type {HTMLElement} */ (event.target);
  const button = document.querySelector(`[popovertarget="${panel.id}"]`);
  if (!button || /** @type {ToggleEvent} */ (event).newState !== "open") return;
  const at = ((box && button.closest(box)) || button).getBoundingClientRect();
  const page = document.documentElement;
  const roomier = page.clientHeight - at.bottom > at.top ? "below" : "above";
  const side = wanted === "roomier" ? roomier : wanted;
  const offsets = {
    "--top": side === "below" ? `${at.bottom + GAP_PX}px` : "auto",
    "--bottom": side === "above" ? `${page.clientHeight - at.top + GAP_PX}px` : "auto",
    "--left": edge === "start" ? `${at.left}px` : "auto",
    "--right": edge === "end" ? `${page.clientWidth - at.right}px` : "auto",
    "--room": `${(side === "below" ? page.clientHeight - at.bottom : at.top) - 2 * GAP_PX}px`,
  };
  for (const [name, value] of Object.entries(offsets)) panel.style.setProperty(name, value);
};

/** Closes the popover in which something happened. @param {Event} event */
export function closeAround(event) {
  const inside = /** @type {Element} */ (event.currentTarget);
  /** @type {HTMLElement | null} */ (inside.closest("[popover]"))?.hidePopover();
}

/**
 * Closes what lies on top, and nothing under it. The browser's own Esc closes all that was opened without a click.
 * @returns {boolean} whether something lay over the page
 */
export function closeTopmost() {
  const dialogs = [...document.querySelectorAll("dialog[open]")];
  // Of two, the one that has the keyboard: the other is inert.
  const dialog = document.activeElement?.closest("dialog[open]") ?? dialogs.at(-1);
  const popover = [...(dialog ?? document).querySelectorAll(":popover-open")].at(-1);
  if (popover) /** @type {HTMLElement} */ (popover).hidePopover();
  else if (dialog) closeDialog(/** @type {HTMLDialogElement} */ (dialog));
  return Boolean(popover ?? dialog);
}

/** As Esc does: who listens to `cancel` hears it. @param {HTMLDialogElement} dialog */
function closeDialog(dialog) {
  if (dialog.dispatchEvent(new Event("cancel", { cancelable: true }))) dialog.close();
}
