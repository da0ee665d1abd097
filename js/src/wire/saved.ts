// An exported page, or a notebook that was opened without its kernel: nobody answers, and what was last known is shown.
import type { AnyModel } from "@anywidget/types";
import type { ControlTraits } from "../protocol";

interface Managed {
  widget_manager?: { get_model?(id: string): Promise<{ comm_live?: boolean }> };
}

const feedOf = (control: AnyModel<ControlTraits>) => control.get("feed").split(":")[1];

export async function isSavedCopy(control: AnyModel<ControlTraits>): Promise<boolean> {
  const model = await (control as Managed).widget_manager?.get_model?.(feedOf(control));
  return model?.comm_live === false;
}

/** The picture beside the widget is for when there is none. Its output takes no room; those that it may be in (a VBox with an
 * Output that the widget is shown in) stay. */
export function hidePicture(control: AnyModel<ControlTraits>, el: HTMLElement): void {
  const picture = `.oprs-picture-${feedOf(control)}`;
  const style = document.createElement("style");
  style.textContent = `.jp-OutputArea-child:has(${picture}):not(:has(.jp-OutputArea-child)),${picture}{display:none}`;
  el.append(style);
}
