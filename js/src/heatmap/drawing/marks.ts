// What is drawn on and beside the cells: gaps, crosses, outlines, edges, numbers. Only in the rows that are drawn again.

import { LIT, MISSING, type Ranks, SCALE } from "../cells/shading";
import { groupAt, itemAt, type Shape } from "../cells/shape";
import { KINDS_BY_SEVERITY, type Kind } from "../cells/states";
import { type Layout, LETTER_WIDTH } from "../geometry/layout";
import { leftOf, namedAt } from "../geometry/viewport";
import type { Palette } from "./palette";
import type { Raster } from "./raster";

const LEAST_FOR_MARKS = 6;
export const LEAST_FOR_OUTLINES = 5;
/** Smaller ones have their edge outside. */
const LEAST_FOR_EDGES = 3;
/** Sides of smaller ones, for each that there is, beyond which edges would hide them: that the others are dimmed has to do. */
const MOST_EDGED = 0.05;
const rankOf = (kind: Kind) => 1 + KINDS_BY_SEVERITY.indexOf(kind);
const STROKE = rankOf("scoring_failed");
const DOT = rankOf("scores_missing");
const MOST = rankOf("task_failed");
const FONT = "10px system-ui, sans-serif";

/** What is drawn on, in the place of its first cell. */
export interface Ground {
  view: CanvasRenderingContext2D;
  layout: Layout;
  raster: Raster;
  shape: Shape;
  ranks: Ranks;
  palette: Palette;
  /** Of numbers beside the cells, and of edges. */
  quiet: string;
  loud: string;
}

/** Width and height of a cell without its gap. */
export const inner = ({ cellWidth, cellHeight, gap }: Layout): [width: number, height: number] => [
  cellWidth - gap,
  cellHeight - gap,
];

/** Draws in the rows [from, to) of the raster. */
export function drawMarks(ground: Ground, from: number, to: number): void {
  const { view, layout, raster, shape, palette, quiet, loud } = ground;
  const { marks, shading } = ground.ranks;
  const { ranks, left, top, width: across } = raster;
  const { cellWidth, cellHeight, gap } = layout;
  const [width, height] = inner(layout);
  const smaller = Math.min(width, height);
  // Several cells may share a pixel.
  const columnWidth =
    raster.fullWidth < layout.blocks * layout.trials && layout.width / raster.fullWidth;
  const rowHeight = layout.height / raster.fullHeight;
  const lefts = Array.from({ length: across }, (_, at) =>
    columnWidth ? (left + at) * columnWidth : leftOf(layout, left + at),
  );

  /** Every cell in these rows that has a rank, with the top left of its box. */
  function each(visit: (rank: number, left: number, top: number, pixel: number) => void): void {
    for (let pixel = from * across; pixel < to * across; pixel++) {
      const y = (top + Math.floor(pixel / across)) * rowHeight;
      if (ranks[pixel]) visit(ranks[pixel], lefts[pixel % across], y, pixel);
    }
  }

  /** The rank without its mark, or 0 of a cell that is not marked when others are. */
  const seen = (rank: number) => (marks && !(rank & LIT) ? 0 : rank & ~LIT);

  function cutGaps(): void {
    for (let row = top + from; row < top + to; row++)
      view.clearRect(layout.x, (row + 1) * cellHeight - gap, layout.shownWidth, gap);
    for (const x of lefts)
      view.clearRect(x + width, (top + from) * cellHeight, gap, (to - from) * cellHeight);
  }

  function addMark(rank: number, x: number, y: number, size: number): void {
    if (rank === DOT) {
      view.rect(x - 0.75, y - 0.75, 1.5, 1.5);
      return;
    }
    view.moveTo(x - size, y + size);
    view.lineTo(x + size, y - size);
    if (rank === STROKE) return;
    view.moveTo(x - size, y - size);
    view.lineTo(x + size, y + size);
  }

  function drawTroubles(): void {
    const size = Math.min(4, smaller / 2 - 1.5);
    const verdicts = shading.plane?.verdicts;
    each((ranked, x, y) => {
      const rank = seen(ranked);
      const worse = verdicts && rank === MISSING - 1 ? STROKE : 0;
      const mark = verdicts && rank === SCALE ? DOT : worse;
      const own = rank >= DOT && rank <= MOST ? rank : mark;
      if (own) addMark(own, x + width / 2, y + height / 2, size);
    });
    view.strokeStyle = palette.mark;
    view.lineWidth = size > 2.5 ? 1.5 : 1.2;
    view.stroke();
  }

  function drawMissing(): void {
    view.strokeStyle = palette.kinds.scores_missing;
    view.lineWidth = 1;
    each((rank, x, y) => {
      if (seen(rank) === MISSING) view.rect(x + 0.5, y + 0.5, width - 1, height - 1);
    });
    view.stroke();
  }

  /** The edge of what is selected: inside its cells, or around them where they have no room for it. */
  function drawEdges(): void {
    const lit = (pixel: number) => (ranks[pixel] & LIT) !== 0;
    const line = smaller >= 8 ? 1.5 : 1;
    const out = smaller < LEAST_FOR_EDGES ? line : 0;
    const wide = (columnWidth || width) + 2 * out;
    const high = rowHeight - gap + 2 * out;
    let room = (out ? MOST_EDGED : 4) * ranks.length;
    each((rank, x, y, pixel) => {
      if (!(rank & LIT) || room < 0) return;
      const column = pixel % across;
      const side = (beside: boolean, right: number, down: number, w: number, h: number) => {
        if (beside) return;
        view.rect(x - out + right, y - out + down, w, h);
        room--;
      };
      side(column > 0 && lit(pixel - 1), 0, 0, line, high);
      side(column < across - 1 && lit(pixel + 1), wide - line, 0, line, high);
      side(lit(pixel - across), 0, 0, wide, line);
      side(lit(pixel + across), 0, high - line, wide, line);
    });
    view.fillStyle = loud;
    if (room >= 0) view.fill();
  }

  /** Each item in these rows, with its place and the left of its first trial. */
  function eachItem(visit: (row: number, place: number, left: number) => void): void {
    for (let column = left; column < left + across; column += layout.trials) {
      for (let row = top + from; row < top + to; row++) {
        const place = (column / layout.trials) * layout.rows + row;
        if (place < shape.items) visit(row, place, leftOf(layout, column));
      }
    }
  }

  /** The number of the item before each row of trials; the name of its group where that begins, or comes into view. */
  function drawItems(): void {
    view.textAlign = "right";
    const most = Math.floor((layout.left - 9) / LETTER_WIDTH);
    eachItem((row, place, x) => {
      const name = shape.groups?.names[namedAt(layout, shape, place)];
      view.fillStyle = name ? loud : quiet;
      if (name) {
        const cut = name.length > most ? `${name.slice(0, most - 1)}…` : name;
        view.fillText(cut, x - 4, (row + 0.5) * cellHeight, layout.left - 5);
      } else if (layout.trials > 1)
        view.fillText(String(itemAt(shape, place)), x - 4, (row + 0.5) * cellHeight);
    });
  }

  /** Below the last item of each group, in the gap. */
  function drawBounds(): void {
    view.fillStyle = loud;
    const wide = layout.trials * cellWidth - gap + layout.left;
    eachItem((row, place, x) => {
      const last = row === layout.rows - 1 || place === shape.items - 1;
      if (!last && groupAt(shape, place) !== groupAt(shape, place + 1))
        view.fillRect(x - layout.left, (row + 1) * cellHeight - gap, wide, gap);
    });
  }

  /** The numbers of trials, above all rows however far down these are. */
  function drawTrials(): void {
    view.clearRect(layout.x, layout.y - layout.top, layout.shownWidth, layout.top);
    view.textAlign = "center";
    lefts.forEach((x, at) => {
      const trial = String((left + at) % layout.trials);
      view.fillText(trial, x + cellWidth / 2, layout.y - layout.top / 2);
    });
  }

  const draw = (part: () => void) => {
    view.beginPath();
    part();
  };
  if (gap) cutGaps();
  if (gap && shape.groups) drawBounds();
  if (smaller >= LEAST_FOR_MARKS) draw(drawTroubles);
  if (shading.plane && smaller >= LEAST_FOR_OUTLINES) draw(drawMissing);
  if (shading.selected) draw(drawEdges);
  Object.assign(view, { font: FONT, textBaseline: "middle" });
  if (layout.left) drawItems();
  view.fillStyle = quiet;
  if (layout.top) drawTrials();
}
