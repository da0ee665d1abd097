// The bundle shortens names. Whatever it says to the page and to the kernel is what its sources say.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { experiment, FakeKernel } from "../../dev/fake";
import source from "../../src/index";
import { mountOpen } from "./mount";

let folder: string;
let built: typeof source;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "opik-resume-"));
  execFileSync("node", ["build.mjs", `${folder}/`]);
  const code = readFileSync(join(folder, "widget.js"), "base64");
  built = (await import(/* @vite-ignore */ `data:text/javascript;base64,${code}`)).default;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const key = (at: Element | null, name: string, more: KeyboardEventInit = {}) =>
  at?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, ...more }));

function choose(root: HTMLElement, at: number, value: string): void {
  const select = root.querySelectorAll<HTMLSelectElement>(".oprs-seeing select")[at];
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

const click = (selector: string, at = 0) => [
  selector,
  (root: HTMLElement) => root.querySelectorAll<HTMLElement>(selector)[at].click(),
];

/** What there is to wait for, and what is done then. */
const STEPS = [
  ["[data-geometry]", (root: HTMLElement) => key(root.querySelector(".oprs-heatmap"), "n")],
  ...[0, 1, 2, 3, 4, 5].map((tab) => click("[role=tab]", tab)),
  [".oprs-heatmap", (root: HTMLElement) => choose(root, 0, "duration")],
  [".oprs-scale .oprs-number", (root: HTMLElement) => choose(root, 1, "failures")],
  [".oprs-scale .oprs-number", (root: HTMLElement) => choose(root, 1, "field:category")],
  click(".oprs-group"),
  [
    ".oprs-heatmap",
    (root: HTMLElement) => key(root.querySelector(".oprs-heatmap"), "a", { ctrlKey: true }),
  ],
  [".oprs-selected", (root: HTMLElement) => key(root.querySelector(".oprs-heatmap"), "?")],
  click(".oprs-keys button"),
  click(".oprs-entry"),
  click(".oprs-chip", 1),
  click(".oprs-resume"),
] as [string, (root: HTMLElement) => void][];

const browser = () =>
  new FakeKernel([
    experiment("half", "gpt-5-mini", 3, 2, Uint8Array.of(3, 3, 0, 5, 3, 4)),
    experiment("uneven", "smoke", 2, 1, Uint8Array.of(3, 3)),
  ]);

test("looks and asks as its sources do", async () => {
  vi.spyOn(crypto, "getRandomValues").mockReturnValue(Uint32Array.of(7));
  const kernels = [browser(), browser()];
  const [one, other] = [await mountOpen(kernels[0], source), await mountOpen(kernels[1], built)];
  const alike = () => expect(other.root.outerHTML).toBe(one.root.outerHTML);
  for (const [selector, act] of STEPS) {
    await vi.waitFor(() => {
      for (const { root } of [one, other])
        expect(root.querySelector(selector), selector).not.toBeNull();
      alike();
    }, 5000);
    for (const { root } of [one, other]) act(root);
  }
  const asked = ({ control }: FakeKernel) =>
    new Set(control.sent.map(({ method, params }) => JSON.stringify([method, params])));
  await vi.waitFor(() => {
    for (const { control } of kernels)
      expect(control.sent.map(({ method }) => method)).toContain("remember");
    alike();
    expect(asked(kernels[1])).toEqual(asked(kernels[0]));
  }, 5000);
  for (const { end, root } of [one, other]) {
    end.abort();
    expect(root.textContent).toBe("");
  }
}, 30_000);
