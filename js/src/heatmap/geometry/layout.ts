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
  /** In each row of a block, room for the number of its item or the name of its group; 0 where rows are too low, or an item
   * is but one cell and in no group. */
  readonly left: number;
  /** The same where rows are high enough. */
  readonly aside: number;
  /** Above all cells, room for the numbers of trials; 0 likewise. */
  readonly top: number;
  /** Of all cells. */
  readonly width: number;
  readonly height: number;
  /** Of those that are shown, from `x` and `y` on. */
  readonly shownWidth: number;
  readonly shownHeight: number;
  readonly x: number;
  readonly y: number;
}

/** Wider than high, as a cell then has room for its mark and rows stay readable. */
const ASPECT = 1.6;
const MOST_WIDTH = 48;
const MOST_HEIGHT = 30;
const LEAST_FOR_GAPS = 4;
const LEAST_FOR_ITEMS = 12;
const LEAST_FOR_TRIALS = 9;
const TRIALS_HEIGHT = 14;
const DIGIT_WIDTH = 6.5;
/** Of a letter in the name of a group, and the most room for one. */
export const LETTER_WIDTH = 6;
const MOST_ASIDE = 112;
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
  groups: readonly string[] = [],
): Layout {
  const longest = Math.max(0, ...groups.map((name) => name.length));
  const names = longest && Math.min(longest * LETTER_WIDTH + 9, MOST_ASIDE, width / 4);
  const numbers = trials > 1 ? String(Math.max(0, items - 1)).length * DIGIT_WIDTH + 7 : 0;
  const room = { trials, width, height, ratio, aside: Math.max(names, numbers) };
  let best = arrange(1, Math.max(1, items), room);
  // Beyond four rows a pixel nothing more can be told apart.
  const mostRows = Math.min(items, Math.ceil(height * 4));
  for (let rows = 2; rows <= mostRows; rows++) {
    const blocks = Math.ceil(items / rows);
    if (Math.ceil(items / blocks) < rows) continue;
    const candidate = arrange(rows, blocks, room);
    if (better(candidate, best, groups.length > 0)) best = candidate;
  }
  return best;
}

interface Room {
  readonly trials: number;
  readonly aside: number;
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

function arrange(rows: number, blocks: number, room: Room): Layout {
  const { trials, width, height, ratio, aside } = room;
  const high = (top: number) => Math.min(MOST_HEIGHT, whole((height - top) / rows, ratio));
  const left = leftFor(aside, high(TRIALS_HEIGHT), ratio);
  const [blockGap, cellWidth] = widths(blocks, trials, width - blocks * left, ratio);
  const cellHeight = high(topFor(trials, cellWidth));
  return assembled({ rows, blocks, trials, aside, left, blockGap, cellWidth, cellHeight }, ratio);
}

/** How far cells can be made larger. */
export const mostZoom = (fit: Layout): number =>
  Math.max(1, MOST_HEIGHT / fit.cellHeight, MOST_WIDTH / ASPECT / fit.cellWidth);

/** The same folding with larger cells, of which so much is shown; the numbers of trials have the room of `fit`. */
export function magnified(
  fit: Layout,
  zoom: number,
  shown: { width: number; height: number },
  ratio: number,
): Layout {
  if (zoom <= 1) return fit;
  const { rows, blocks, trials, aside } = fit;
  const cellWidth = whole(fit.cellWidth * zoom, ratio);
  const cellHeight = whole(fit.cellHeight * zoom, ratio);
  const left = leftFor(aside, cellHeight, ratio);
  const blockGap = trials === 1 ? 0 : (BLOCK_GAPS.find(([, from]) => cellWidth >= from)?.[0] ?? 0);
  const large = assembled(
    { rows, blocks, trials, aside, left, blockGap, cellWidth, cellHeight },
    ratio,
  );
  return {
    ...large,
    shownWidth: Math.min(large.width, shown.width),
    shownHeight: Math.min(large.height, shown.height - large.top),
  };
}

type Measures = Pick<
  Layout,
  "rows" | "blocks" | "trials" | "aside" | "left" | "cellWidth" | "cellHeight"
> & {
  readonly blockGap: number;
};

function assembled({ blockGap, ...measures }: Measures, ratio: number): Layout {
  const { rows, blocks, trials, left, cellWidth, cellHeight } = measures;
  const blockWidth = left + trials * cellWidth + blockGap;
  const [width, height] = [blocks * blockWidth - blockGap, rows * cellHeight];
  return {
    ...measures,
    blockWidth,
    gap: Math.min(cellWidth, cellHeight) < LEAST_FOR_GAPS ? 0 : whole(1, ratio),
    top: topFor(trials, cellWidth),
    width,
    height,
    shownWidth: width,
    shownHeight: height,
    x: 0,
    y: 0,
  };
}

const leftFor = (aside: number, cellHeight: number, ratio: number): number =>
  cellHeight < LEAST_FOR_ITEMS ? 0 : whole(aside, ratio);

const topFor = (trials: number, cellWidth: number): number =>
  trials > 1 && cellWidth >= LEAST_FOR_TRIALS ? TRIALS_HEIGHT : 0;

/** Blocks of one trial need no space between them: they make one plain block. */
function widths(blocks: number, trials: number, width: number, ratio: number): [number, number] {
  const wanted = trials === 1 ? BLOCK_GAPS.slice(-1) : BLOCK_GAPS;
  for (const [gap, from] of wanted) {
    const room = (width - (blocks - 1) * gap) / (blocks * trials);
    const cellWidth = Math.min(MOST_WIDTH, whole(room, ratio));
    if (cellWidth >= from) return [gap, cellWidth];
  }
  return [0, Math.max(0, width) / (blocks * trials)];
}

/** Down to whole device pixels, so that edges are sharp; lengths below one stay as they are. */
function whole(length: number, ratio: number): number {
  return length * ratio < 1 ? length : Math.floor(length * ratio) / ratio;
}

/** With room for the names of groups; larger cells, then what fills more, then (a few cells, all of the largest size) what is
 * less high. */
function better(one: Layout, other: Layout, grouped: boolean): boolean {
  const named = ({ left, cellWidth }: Layout) => left > 0 && cellWidth >= LEAST_FOR_TRIALS;
  if (grouped && named(one) !== named(other)) return named(one);
  const size = (layout: Layout) => Math.min(layout.cellWidth / ASPECT, layout.cellHeight);
  const area = (layout: Layout) => layout.cellWidth * layout.cellHeight;
  if (size(one) !== size(other)) return size(one) > size(other);
  if (area(one) !== area(other)) return area(one) > area(other);
  return one.height < other.height;
}
