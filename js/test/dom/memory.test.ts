import { expect, test, vi } from "vitest";
import { experiment, FakeKernel } from "../../dev/fake";
import type { ControlTraits } from "../../src/protocol";
import { mountOpen } from "./mount";

const states = () => Uint8Array.of(3, 3, 0, 5, 3, 4);
const browser = (traits: Partial<ControlTraits> = {}) =>
  new FakeKernel([experiment("half", "gpt-5-mini", 3, 2, states())], traits);
const told = (kernel: FakeKernel) =>
  kernel.control.sent.filter(({ method }) => method === "remember");

test("what one looks at is told a while after it has changed, and found again by the next view", async () => {
  const kernel = browser();
  const { root, end } = await mountOpen(kernel);
  expect(told(kernel)).toEqual([]);
  const grid = root.querySelector<HTMLElement>(".oprs-heatmap");
  grid?.focus();
  for (const key of ["n", "Enter"]) {
    grid?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  }
  await vi.waitFor(() => expect(root.querySelector("[role=tab]")).not.toBeNull());
  [...root.querySelectorAll<HTMLElement>("[role=tab]")]
    .find((tab) => tab.textContent === "Item")
    ?.click();
  await vi.waitFor(() => expect(told(kernel).length).toBe(1), 3000);
  const [{ params }] = told(kernel);
  expect(params).toMatchObject({
    experiment: "half",
    tab: "Item",
    colour: "state",
    sort: "order",
    zoom: 1,
  });
  expect(kernel.control.get("memory")).toEqual(params);
  end.abort();
  document.body.innerHTML = "";

  const again = await mountOpen(kernel);
  await vi.waitFor(() =>
    expect(again.find("[role=tab][aria-selected=true]").textContent).toBe("Item"),
  );
  expect(again.find(".oprs-inspector").dataset.cell).toBe(String(params.cell));
  await new Promise((done) => setTimeout(done, 1200));
  expect(told(kernel).length).toBe(1);
  again.end.abort();
});

test("colour and order are asked for again; what is of another experiment, or not there, is not", async () => {
  const memory = {
    experiment: "half",
    cell: 99,
    tab: null,
    colour: "duration",
    sort: "failures",
    zoom: 1,
  };
  const kernel = browser({ selected: "half", memory });
  const { end } = await mountOpen(kernel);
  const asked = (name: string) =>
    kernel.control.sent.filter(({ method }) => method === name).at(0)?.params;
  await vi.waitFor(() => expect(asked("plane")).toMatchObject({ by: "duration" }));
  expect(asked("order")).toMatchObject({ by: "failures" });
  expect(asked("cell")).toBeUndefined();
  end.abort();
  const grouped = browser({ selected: "half", memory: { ...memory, sort: "field:category" } });
  const shown = await mountOpen(grouped);
  await vi.waitFor(() => expect(shown.text(".oprs-caption")).toContain("by category"));
  const [, select] = shown.root.querySelectorAll<HTMLSelectElement>(".oprs-seeing select");
  expect(select.value).toBe("field:category"); // also while nobody has told which fields there are
  expect(select.selectedOptions[0].textContent).toMatch(/category$/);
  shown.end.abort();
  const other = browser({ selected: "half", memory: { ...memory, experiment: "other" } });
  await mountOpen(other);
  expect(other.control.sent.filter(({ method }) => method === "plane")).toEqual([]);
});
