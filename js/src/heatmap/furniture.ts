// The elements around the cells: the canvas cannot be focused, read aloud or hovered cell by cell, so a cursor,
// a ring on the inspected cell, a tooltip and one off-screen grid cell stand in for it.
import { type Box, boxBetween, type Point } from "./geometry/viewport";

const LEAST_RING = 7;

export interface Furniture {
  canvas: HTMLCanvasElement;
  cursor: HTMLElement;
  picked: HTMLElement;
  /** Between the ends of a drag. */
  band: HTMLElement;
  tooltip: HTMLElement;
  row: HTMLElement;
  cell: HTMLElement;
}

export function furnish(wrapper: HTMLElement, id: string): Furniture {
  const add = <K extends keyof HTMLElementTagNameMap>(tag: K, name: string, to = wrapper) => {
    const element = document.createElement(tag);
    element.className = name;
    to.append(element);
    return element;
  };
  const canvas = add("canvas", "oprs-cells");
  const picked = add("div", "oprs-ring oprs-picked");
  const cursor = add("div", "oprs-ring oprs-cursor");
  const band = add("div", "oprs-band");
  const tooltip = add("div", "oprs-tooltip");
  const row = add("div", "oprs-hidden");
  const cell = add("div", "", row);
  for (const decoration of [canvas, picked, cursor, band, tooltip]) {
    decoration.setAttribute("aria-hidden", "true");
  }
  row.setAttribute("role", "row");
  cell.setAttribute("role", "gridcell");
  cell.id = id;
  for (const hidden of [picked, cursor, band, tooltip]) hidden.hidden = true;
  return { canvas, cursor, picked, band, tooltip, row, cell };
}

/** Puts a ring round a cell; cells of a pixel or two get a ring that can still be seen. */
export function ring(element: HTMLElement, box: Box | null): void {
  element.hidden = !box;
  if (!box) return;
  const width = Math.max(LEAST_RING, box.width);
  const height = Math.max(LEAST_RING, box.height);
  const [left, top] = [box.left + (box.width - width) / 2, box.top + (box.height - height) / 2];
  put(element, { left, top, width, height });
}

function put(element: HTMLElement, box: Box): void {
  for (const side of ["left", "top", "width", "height"] as const)
    element.style[side] = `${box[side]}px`;
}

/** Shows how far a drag reaches. */
export function stretch(band: HTMLElement, from: Point, to: Point | null): void {
  band.hidden = !to;
  if (!to) return;
  const { left, top, right, bottom } = boxBetween(from, to);
  put(band, { left, top, width: right - left, height: bottom - top });
}

/** Between a cell and its tooltip: the cells beside it stay in view. */
const leastAside = 8;

/** Shows the tooltip beside the cell, on the side with more room. It is placed by the edge that faces the cell: its own
 * width need not be known, so nothing is laid out before the frame is. */
export function tip(
  { tooltip }: Furniture,
  box: Box | null,
  lines: readonly string[],
  room: number,
): void {
  tooltip.hidden = !box;
  if (!box) return;
  write(tooltip, lines);
  const aside = Math.max(leastAside, Math.min(box.width, 30) + 4);
  const onTheRight = box.left + box.width / 2 <= room / 2;
  const edge = onTheRight ? box.left + box.width + aside : room - box.left + aside;
  Object.assign(tooltip.style, {
    left: onTheRight ? `${edge}px` : "auto",
    right: onTheRight ? "auto" : `${edge}px`,
    maxWidth: `${Math.max(120, room - edge)}px`,
    top: `${box.top + box.height / 2}px`,
  });
}

/** As text, a line an element: nothing is made anew while their number stays. */
function write(tooltip: HTMLElement, lines: readonly string[]): void {
  while (tooltip.childElementCount > lines.length) tooltip.lastElementChild?.remove();
  while (tooltip.childElementCount < lines.length) {
    const line = document.createElement(tooltip.childElementCount === 1 ? "strong" : "span");
    line.append(new Text());
    tooltip.append(line);
  }
  lines.forEach((line, at) => {
    (tooltip.children[at].firstChild as Text).data = line;
  });
}
