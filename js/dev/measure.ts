// What `bench/frontend.py` times in a real browser: the widget on messages that Python made, and a plain HTML table of
// the same cells beside it. Times are milliseconds.
import widget from "../src/index";
import type { ControlTraits, Progress } from "../src/protocol";
import { expand } from "../src/protocol/runs";
import { byte, FakeModel, IDLE, view } from "./fake";

interface Key {
  kind: "key";
  seq: number;
  head: { id: string; cells: number };
  progress: Progress;
}
type Paint = { handler: number; paint: number };

const RATE = 20;
const SLICE = 4;
const random = (below: number) => Math.floor(Math.random() * below);
const frame = () => new Promise<number>((done) => requestAnimationFrame(done));

/** Waits until the browser has drawn the frame at hand. */
async function drawn(): Promise<number> {
  await frame();
  const { port1, port2 } = new MessageChannel();
  await new Promise((done) => {
    port1.onmessage = done;
    port2.postMessage(null);
  });
  return performance.now();
}

/** The view that a cell shows which resumes: nothing is asked, all is told. */
async function mount(id: string) {
  const control = new FakeModel({ feed: "feed", mode: "run", store: "", remote: false });
  const feed = new FakeModel({});
  const el = document.createElement("div");
  el.style.width = "1100px";
  document.body.replaceChildren(el);
  const ending = new AbortController();
  Object.assign(control.traits, { selected: id });
  const host = { getModel: async () => feed.as() as never, getWidget: () => Promise.reject() };
  await widget.render({ model: control.as<ControlTraits>(), el, signal: ending.signal, host });
  await drawn();
  return { el, feed, ending };
}

const bytesOf = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

async function say(feed: FakeModel<Record<string, unknown>>, message: object, buffers: DataView[]) {
  const began = performance.now();
  feed.emit("msg:custom", message, buffers);
  await null; // what it left to do right after it, drawing the panels for one
  const handler = performance.now() - began;
  return { handler, paint: (await drawn()) - began };
}

/** `changes` random cells a patch, 20 patches a second: the time between frames, by the browser's own clock of frames. */
async function framesOf(patch: () => void, seconds: number): Promise<number[]> {
  const gaps: number[] = [];
  let before = await frame();
  const end = before + seconds * 1000;
  const timer = setInterval(patch, 1000 / RATE);
  while (before < end) {
    const now = await frame();
    gaps.push(now - before);
    before = now;
  }
  clearInterval(timer);
  return gaps;
}

async function ours(key: Key, encoded: string[], seconds: number, changes: number) {
  const buffers = encoded.map((text) => view(bytesOf(text)));
  const { el, feed, ending } = await mount(key.head.id);
  const paints: Paint[] = [];
  let { seq } = key;
  for (let turn = 0; turn < 8; turn++) {
    paints.push(await say(feed, { ...key, seq: ++seq }, buffers));
    await drawn();
  }
  const progress = { ...IDLE, active: true, total: key.head.cells };
  const patches: number[] = [];
  const patch = () => {
    const cells = Uint32Array.from({ length: changes }, () => random(key.head.cells)).sort();
    const states = Uint8Array.from(cells, () => byte("completed", true));
    const message = { kind: "patch", seq: ++seq, experiment: key.head.id, progress };
    progress.done += 1;
    const began = performance.now();
    feed.emit("msg:custom", message, [view(cells), view(states)]);
    patches.push(performance.now() - began);
  };
  const frames = await framesOf(patch, seconds);
  const hovers = await hover(el.querySelector(".oprs-heatmap") as HTMLElement);
  ending.abort();
  return { first: paints[0], later: paints.slice(1), frames, patches, hovers };
}

/** One move of the pointer in each frame: its handler, what it leaves to the frame, and the layout that it makes necessary. */
async function hover(grid: HTMLElement): Promise<{ handler: number; all: number }[]> {
  const canvas = grid.querySelector("canvas") as Element;
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const times: { handler: number; all: number }[] = [];
  for (let turn = 0; turn < 200; turn++) {
    await frame();
    const place = { clientX: left + random(width), clientY: top + random(height), bubbles: true };
    let framed = 0;
    requestAnimationFrame(() => {
      framed = performance.now();
    });
    const began = performance.now();
    grid.dispatchEvent(new PointerEvent("pointermove", place));
    const handler = performance.now() - began;
    await new Promise((done) => {
      requestAnimationFrame(() => {
        void grid.offsetWidth;
        times.push({ handler, all: handler + performance.now() - framed });
        done(null);
      });
    });
  }
  return times;
}

/** The alternative: a cell of a table for each cell. */
async function table(cells: number, seconds: number, changes: number) {
  document.body.replaceChildren();
  await drawn();
  const began = performance.now();
  const across = 500;
  const rows = Array.from({ length: Math.ceil(cells / across) }, () => {
    return `<tr>${'<td class="completed"></td>'.repeat(across)}</tr>`;
  });
  const style = "<style>td{width:2px;height:2px;padding:0}.completed{background:#9fd5c4}</style>";
  document.body.innerHTML = `${style}<table cellspacing="0">${rows.join("")}</table>`;
  const handler = performance.now() - began;
  const paint = (await drawn()) - began;
  const all = document.querySelectorAll("td");
  const patch = () => {
    for (let at = 0; at < changes; at++) all[random(cells)].style.background = "#009e73";
  };
  return { first: { handler, paint }, frames: await framesOf(patch, seconds) };
}

/** Three ways to take a key frame in: at once, in slices of 4 ms, in a worker made from a Blob. For each, how long the page
 * cannot answer at the most, and when the cells are there. */
async function ways(encoded: string, cells: number) {
  const coded = bytesOf(encoded);
  let began = performance.now();
  expand(coded, cells);
  const once = performance.now() - began;

  began = performance.now();
  const sliced = { block: 0, total: 0 };
  const { port1, port2 } = new MessageChannel();
  for (let from = 0; from < coded.length; ) {
    const start = performance.now();
    while (from < coded.length && performance.now() - start < SLICE) {
      expand(coded.subarray(from, from + 1024), 512 * 256);
      from += 1024;
    }
    sliced.block = Math.max(sliced.block, performance.now() - start);
    await new Promise((done) => {
      port1.onmessage = done;
      port2.postMessage(null);
    });
  }
  sliced.total = performance.now() - began;

  const source = `const LONG = 24; const expand = ${expand}; onmessage = ({data: [coded, cells]}) => {
    const {bytes, counts} = expand(coded, cells); postMessage([bytes, counts], [bytes.buffer]); }`;
  const inWorker: { block: number; total: number }[] = [];
  began = performance.now();
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  for (let turn = 0; turn < 5; turn++) {
    if (turn) began = performance.now();
    const answer = new Promise((done, fail) => {
      worker.onmessage = done;
      worker.onerror = fail;
    });
    worker.postMessage([coded.slice(), cells]);
    const block = performance.now() - began;
    await answer;
    inWorker.push({ block, total: performance.now() - began });
  }
  worker.terminate();
  const again: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    began = performance.now();
    expand(coded, cells);
    again.push(performance.now() - began);
  }
  return { once, again, sliced, worker: inWorker };
}

Object.assign(window, { measured: { ours, table, ways } });
