// Folding: items run down, trials across, then the next block of items to the right, so that the cells fill
// the given room and are as large as it allows. Pure; lengths are CSS pixels.

export interface Layout {
  readonly rows: number;
  readonly blocks: number;
  readonly trials: number;
  /** From one cell to the next, the gap included. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** From one block to the next. */
  readonly blockWidth: number;
  /** Between cells; 0 where cells are too small to spare it. */
  readonly gap: number;
  readonly width: number;
  readonly height: number;
}

/** Wider than high, as a cell then has room for its mark and rows stay readable. */
const ASPECT = 1.6;
const MOST_WIDTH = 48;
const MOST_HEIGHT = 30;
const LEAST_FOR_GAPS = 4;
/** Space between blocks, and the least cell width that affords it. */
const BLOCK_GAPS: readonly [gap: number, from: number][] = [
  [5, 8],
  [3, 4],
  [1, 1],
  [0, 0],
];

export function fold(
  items: number,
  trials: number,
  width: number,
  height: number,
  ratio: number,
): Layout {
  let best = arrange(1, Math.max(1, items), trials, width, height, ratio);
  // Beyond four rows a pixel nothing more can be told apart.
  const mostRows = Math.min(items, Math.ceil(height * 4));
  for (let rows = 2; rows <= mostRows; rows++) {
    const blocks = Math.ceil(items / rows);
    if (Math.ceil(items / blocks) < rows) continue;
    const candidate = arrange(rows, blocks, trials, width, height, ratio);
    if (better(candidate, best)) best = candidate;
  }
  return best;
}

function arrange(
  rows: number,
  blocks: number,
  trials: number,
  width: number,
  height: number,
  ratio: number,
): Layout {
  const [blockGap, cellWidth] = widths(blocks, trials, width, ratio);
  const cellHeight = Math.min(MOST_HEIGHT, whole(height / rows, ratio));
  const blockWidth = trials * cellWidth + blockGap;
  return {
    rows,
    blocks,
    trials,
    cellWidth,
    cellHeight,
    blockWidth,
    gap: Math.min(cellWidth, cellHeight) < LEAST_FOR_GAPS ? 0 : whole(1, ratio),
    width: blocks * blockWidth - blockGap,
    height: rows * cellHeight,
  };
}

/** Blocks of one trial need no space between them: they make one plain block. */
function widths(blocks: number, trials: number, width: number, ratio: number): [number, number] {
  const wanted = trials === 1 ? BLOCK_GAPS.slice(-1) : BLOCK_GAPS;
  for (const [gap, from] of wanted) {
    const room = (width - (blocks - 1) * gap) / (blocks * trials);
    const cellWidth = Math.min(MOST_WIDTH, whole(room, ratio));
    if (cellWidth >= from) return [gap, cellWidth];
  }
  return [0, width / (blocks * trials)];
}

/** Down to whole device pixels, so that edges are sharp; lengths below one stay as they are. */
function whole(length: number, ratio: number): number {
  return length * ratio < 1 ? length : Math.floor(length * ratio) / ratio;
}

/** Larger cells, then what fills more, then (a few cells, all of the largest size) what is less high. */
function better(one: Layout, other: Layout): boolean {
  const size = (layout: Layout) => Math.min(layout.cellWidth / ASPECT, layout.cellHeight);
  const area = (layout: Layout) => layout.cellWidth * layout.cellHeight;
  if (size(one) !== size(other)) return size(one) > size(other);
  if (area(one) !== area(other)) return area(one) > area(other);
  return one.height < other.height;
}
