import { describe, expect, test, vi } from "vitest";
import { experiment, FakeKernel, view } from "../../dev/fake";
import { mount } from "./mount";

const states = Uint8Array.of(3, 3, 0, 5, 3, 4);

/** As in a page that html-manager fills: models without comms, and nobody who answers. */
function saved(what: (kernel: FakeKernel) => Record<string, unknown>): FakeKernel {
  const kernel = new FakeKernel([experiment("half", "gpt-5-mini", 3, 2, states)]);
  kernel.busy = true;
  kernel.control.widget_manager = { get_model: async () => ({ comm_live: false }) };
  kernel.feed.set("saved", what(kernel));
  return kernel;
}

describe("a saved copy", () => {
  test("says so, and shows the experiment as it was last known", async () => {
    const kernel = saved((kernel) => ({
      as_of: "2026-11-26 21:00 UTC",
      head: kernel.experiments[0].head,
      counts: { completed: 3, task_failed: 1 },
      states: view(Uint8Array.from([...states].flatMap((state) => [state, 0]))),
      groups: [
        {
          kind: "task",
          metric: null,
          type: "KeyError",
          message: "",
          group: "KeyError",
          count: 7,
          cells: [0, 0],
        },
      ],
      scales: [{ by: "score:right", name: "right", mean: 0.5, error: null, n: 4 }],
    }));
    const { root, text, find } = await mount(kernel);
    await vi.waitFor(() =>
      expect(text(".oprs-gone")).toContain("This is a saved copy, as of 2026-11-26 21:00 UTC"),
    );
    expect(text("[data-state=completed] .oprs-count")).toBe("3");
    expect(text("[data-state=task_failed] .oprs-count")).toBe("1");
    expect(text(".oprs-title, .oprs-top")).toContain("gpt-5-mini");
    await vi.waitFor(() => expect(root.textContent).toContain("KeyError"));
    expect(text(".oprs-means")).toContain("right");
    expect(root.textContent).not.toMatch(/waiting for the kernel|busy/);
    expect(find(".oprs-frame").inert).toBe(true);
    expect(kernel.control.sent).toEqual([]);
  });

  test("of a list shows the list", async () => {
    const row = { ...experiment("half", "gpt-5-mini", 3, 2, states).row, strip: [0, 0] };
    const { text } = await mount(saved(() => ({ as_of: "today", rows: [row], total: 1 })));
    await vi.waitFor(() => expect(text(".oprs-list")).toContain("gpt-5-mini"));
    expect(text(".oprs-gone")).toContain("saved copy");
  });

  test("of which nothing is known says at least that", async () => {
    const { text, root } = await mount(saved(() => ({})));
    await vi.waitFor(() =>
      expect(text(".oprs-gone")).toBe("This is a saved copy. Run its cell in a notebook to go on."),
    );
    expect(root.textContent).not.toContain("waiting");
  });
});

test("a live view hides the picture beside it, and no other", async () => {
  const kernel = new FakeKernel([experiment("half", "gpt-5-mini", 3, 2, states)]);
  const own = String(kernel.control.get("feed")).split(":")[1];
  document.body.innerHTML = `<p class="oprs-picture-${own}"></p><p class="oprs-picture-other"></p>`;
  const { end } = await mount(kernel);
  const shown = [...document.querySelectorAll("p[class^=oprs-picture]")].map(
    (p) => getComputedStyle(p).display,
  );
  expect(shown[0]).toBe("none");
  expect(shown[1]).not.toBe("none");
  end.abort();
});
