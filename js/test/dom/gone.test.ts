import { afterEach, describe, expect, test, vi } from "vitest";
import { byte, experiment, FakeKernel } from "../../dev/fake";
import { SILENCE } from "../../src/wire/presence";
import { mount, mountOpen } from "./mount";

const states = () => Uint8Array.of(3, 3, 0, 5, 3, 4);
const browser = () => new FakeKernel([experiment("half", "gpt-5-mini", 3, 2, states())]);
const soon = vi.waitFor;
const SENTENCE = "The kernel was restarted: run this cell again.";
const kernelOf = ({ control }: FakeKernel) => {
  if (!control.widget_manager.kernel) throw new Error("no kernel");
  return control.widget_manager.kernel;
};

const WAYS: Record<string, (kernel: FakeKernel) => void> = {
  "its comm is not live any more": ({ control }) => control.emit("comm_live_update"),
  "it is restarting": (kernel) => kernelOf(kernel).statusChanged.emit("restarting"),
  "it died and is started anew": (kernel) => kernelOf(kernel).statusChanged.emit("autorestarting"),
  "it is dead": (kernel) => kernelOf(kernel).statusChanged.emit("dead"),
  "it was shut down": (kernel) => kernelOf(kernel).disposed.emit(),
};

/** What can be seen: what is said to listeners follows later. */
const shown = (root: HTMLElement) => {
  const copy = root.cloneNode(true) as HTMLElement;
  for (const hidden of copy.querySelectorAll(".oprs-hidden")) hidden.remove();
  return copy.textContent;
};

const RUNNING = { active: true, done: 1, total: 2, rate: 0.1, seconds_left: 38 };

afterEach(() => vi.useRealTimers());

describe("when the kernel is gone", () => {
  test.each(Object.keys(WAYS))("because %s, everything is off and says so", async (way) => {
    const kernel = browser();
    const { root, find, text, button } = await mountOpen(kernel);
    kernel.patch([2, 3], [byte("running"), byte("queued")], RUNNING);
    await soon(() => expect(text(".oprs-status")).toContain("38 s left"));
    WAYS[way](kernel);
    await soon(() => expect(text("[role=alert]")).toBe(SENTENCE));
    expect(root.dataset.active).toBe("false");
    expect(root.dataset.gone).toBe("true");
    expect(shown(root)).not.toMatch(/left|Running|waiting for the kernel|busy/);
    for (const name of ["resume", "stop"]) expect(button(name).disabled).toBe(true);
    expect(find(".oprs-frame").inert).toBe(true);
    expect(text(".oprs-legend [data-state=running] .oprs-count")).toBe("0");
    expect(text(".oprs-legend [data-state=interrupted] .oprs-count")).toBe("1");
  });

  test("nothing is asked any more, and nothing that was under way is believed", async () => {
    const kernel = browser();
    const { root, find } = await mountOpen(kernel);
    WAYS["it is restarting"](kernel);
    await soon(() => expect(root.dataset.gone).toBe("true"));
    const sent = kernel.control.sent.length;
    find(".oprs-row").click();
    kernel.changed();
    kernel.patch([2], [byte("running")], RUNNING);
    kernel.key();
    await new Promise((done) => setTimeout(done, 600));
    expect(kernel.control.sent.length).toBe(sent);
    expect(root.dataset.active).toBe("false");
    expect(shown(root)).not.toContain("left");
  });

  test("a click that cannot be sent says so as well", async () => {
    const kernel = browser();
    kernel.control.widget_manager = {};
    const { text, button } = await mountOpen(kernel);
    kernel.vanish();
    button("resume").click();
    await soon(() => expect(text("[role=alert]")).toBe(SENTENCE));
    expect(button("resume").disabled).toBe(true);
  });

  test("before it has shaken hands, too", async () => {
    const kernel = browser();
    kernel.busy = true;
    const { text, button } = await mount(kernel);
    WAYS["it is dead"](kernel);
    await soon(() => expect(text("[role=alert]")).toBe(SENTENCE));
    expect(button("resume").textContent).not.toContain("waiting");
  });

  test("a kernel that only works, starts or loses its connection is there", async () => {
    const kernel = browser();
    const { root, button } = await mountOpen(kernel);
    for (const status of ["busy", "idle", "starting", "unknown"]) {
      kernelOf(kernel).statusChanged.emit(status);
    }
    await new Promise((done) => setTimeout(done, 20));
    expect(root.dataset.gone).toBe("false");
    expect(button("resume").disabled).toBe(false);
  });

  test("a view that is removed listens no longer", async () => {
    const kernel = browser();
    const { end } = await mountOpen(kernel);
    end.abort();
    const { statusChanged, disposed } = kernelOf(kernel);
    expect(statusChanged.connected + disposed.connected + kernel.control.listening()).toBe(0);
  });
});

describe("where nobody tells", () => {
  test("a run that falls silent and a hello without an answer mean that it may be gone", async () => {
    const kernel = browser();
    kernel.control.widget_manager = {};
    vi.useFakeTimers();
    const { root, text, button } = await mountOpen(kernel);
    kernel.patch([2], [byte("running")], RUNNING);
    kernel.busy = true;
    await vi.advanceTimersByTimeAsync(SILENCE - 5000);
    expect(root.querySelector(".oprs-gone")).toBeNull();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(text(".oprs-gone")).toContain("does not answer");
    expect(text(".oprs-gone")).toContain("run this cell again");
    expect(button("stop").disabled).toBe(true);
    expect(shown(root)).not.toContain("38 s left");
    kernel.free();
    kernel.patch([], [], RUNNING);
    await vi.advanceTimersByTimeAsync(100);
    expect(root.querySelector(".oprs-gone")).toBeNull();
    expect(button("stop").disabled).toBe(false);
    expect(text(".oprs-status")).toContain("38 s left");
  });

  test("a run that is heard is there, however busy the kernel is", async () => {
    const kernel = browser();
    kernel.control.widget_manager = {};
    vi.useFakeTimers();
    const { root } = await mountOpen(kernel);
    kernel.busy = true;
    for (let second = 0; second < 120; second += 10) {
      kernel.patch([2], [byte("running")], RUNNING);
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(root.querySelector(".oprs-gone")).toBeNull();
  });
});
