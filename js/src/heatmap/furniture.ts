// The elements around the cells: the canvas cannot be focused, read aloud or hovered cell by cell, so a cursor,
// a ring on the inspected cell, a tooltip and one off-screen grid cell stand in for it.
import type { Box } from "./viewport";

const LEAST_RING = 7;

export interface Furniture {
  canvas: HTMLCanvasElement;
  cursor: HTMLElement;
  picked: HTMLElement;
  tooltip: HTMLElement;
  /** The two lines of the tooltip. */
  label: Text;
  word: Text;
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
  const tooltip = add("div", "oprs-tooltip");
  const [label, word] = [new Text(), new Text()];
  add("span", "", tooltip).append(label);
  add("strong", "", tooltip).append(word);
  const row = add("div", "oprs-hidden");
  const cell = add("div", "", row);
  for (const decoration of [canvas, picked, cursor, tooltip]) {
    decoration.setAttribute("aria-hidden", "true");
  }
  row.setAttribute("role", "row");
  cell.setAttribute("role", "gridcell");
  cell.id = id;
  for (const hidden of [picked, cursor, tooltip]) hidden.hidden = true;
  return { canvas, cursor, picked, tooltip, label, word, row, cell };
}

/** Puts a ring round a cell; cells of a pixel or two get a ring that can still be seen. */
export function ring(element: HTMLElement, box: Box | null): void {
  element.hidden = !box;
  if (!box) return;
  const width = Math.max(LEAST_RING, box.width);
  const height = Math.max(LEAST_RING, box.height);
  Object.assign(element.style, {
    left: `${box.left + (box.width - width) / 2}px`,
    top: `${box.top + (box.height - height) / 2}px`,
    width: `${width}px`,
    height: `${height}px`,
  });
}

/** Shows the tooltip beside the cell, on the side with more room. It is placed by the edge that faces the cell: its own
 * width need not be known, so nothing is laid out before the frame is. */
export function tip(
  { tooltip, label, word }: Furniture,
  box: Box | null,
  lines: [string, string],
  room: number,
): void {
  tooltip.hidden = !box;
  if (!box) return;
  [label.data, word.data] = lines;
  const onTheRight = box.left + box.width / 2 <= room / 2;
  tooltip.style.left = onTheRight ? `${box.left + box.width + 8}px` : "auto";
  tooltip.style.right = onTheRight ? "auto" : `${room - box.left + 8}px`;
  tooltip.style.top = `${box.top + box.height / 2}px`;
}
