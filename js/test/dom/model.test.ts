import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { byte, experiment, FakeKernel, IDLE, offering, view } from "../../dev/fake";
import type { ControlTraits, Method } from "../../src/protocol";
import { ExperimentView } from "../../src/state/model";
import { LATE_AFTER, NUDGE_AFTER, RequestRefused, Requests } from "../../src/wire/requests";

const states = () => Uint8Array.of(3, 3, 0, 5, 3, 4);
const two = () => [
  experiment("done", "done", 2, 1, Uint8Array.of(3, 3)),
  experiment("half", "half", 3, 2, states()),
];
const methods = (kernel: FakeKernel) => kernel.control.sent.map((request) => request.method);

let ending: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  ending = new AbortController();
});
afterEach(() => {
  ending.abort();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const viewOf = (kernel: FakeKernel) =>
  new ExperimentView(kernel.control.as<ControlTraits>(), kernel.feed.as(), ending.signal);

async function started(kernel: FakeKernel): Promise<ExperimentView> {
  const made = viewOf(kernel);
  void made.start();
  await settle();
  return made;
}

describe("requests", () => {
  const ask = (kernel: FakeKernel, late: (methods: readonly Method[]) => void = () => {}) =>
    new Requests(kernel.control.as<ControlTraits>(), ending.signal, late);

  test("resolve with result and buffers, reject with the error of the reply", async () => {
    const requests = ask(new FakeKernel(two()));
    const answer = await requests.send("list", {
      search: "",
      sort: "name",
      offset: 0,
      limit: 9,
    });
    expect(answer.result?.total).toBe(2);
    expect(answer.buffers).toHaveLength(1);
    const refused = requests.send("open", { experiment: "gone" });
    await expect(refused).rejects.toThrow("There is no experiment gone.");
    await expect(refused).rejects.toBeInstanceOf(RequestRefused);
  });

  test("what is not answered at once is followed by a word that frees an answer on its way", async () => {
    const kernel = new FakeKernel(two());
    const requests = ask(kernel);
    await requests.send("hello", {});
    await vi.advanceTimersByTimeAsync(NUDGE_AFTER);
    expect(kernel.control.nudges).toBe(0);
    kernel.busy = true;
    for (let request = 0; request < 3; request++) void requests.send("hello", {});
    await vi.advanceTimersByTimeAsync(NUDGE_AFTER - 1);
    expect(kernel.control.nudges).toBe(0);
    await vi.advanceTimersByTimeAsync(LATE_AFTER);
    expect(kernel.control.nudges).toBe(1);
  });

  test("late ones are said to be late, and still count when they come", async () => {
    const kernel = new FakeKernel(two());
    kernel.busy = true;
    const late = vi.fn();
    const answer = ask(kernel, late).send("plan", { experiment: "half" });
    await vi.advanceTimersByTimeAsync(LATE_AFTER - 1);
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toHaveBeenLastCalledWith(["plan"]);
    kernel.free();
    expect((await answer).result.plan?.id).toBe("plan-half");
    expect(late).toHaveBeenLastCalledWith([]);
  });

  test("of two views of a model have ids of their own, and strangers' replies are passed over", async () => {
    const kernel = new FakeKernel(two());
    const both = [ask(kernel), ask(kernel)].map((each) => each.send("hello", {}));
    await Promise.all(both);
    const [one, other] = kernel.control.sent.map((request) => request.id);
    expect(one).not.toBe(other);
    expect(Number.isSafeInteger(one)).toBe(true);
    expect(() =>
      kernel.control.emit("msg:custom", { kind: "reply", id: 1, ok: true }, []),
    ).not.toThrow();
  });
});

describe("the start", () => {
  test("is three hellos, one after the other, then the list, then an experiment", async () => {
    const kernel = new FakeKernel(two());
    kernel.busy = true;
    const made = await started(kernel);
    for (const count of [1, 2, 3]) {
      expect(methods(kernel)).toEqual(Array(count).fill("hello"));
      expect(made.store.state.ready).toBe(false);
      kernel.free();
      kernel.busy = true;
      await settle();
    }
    expect(made.store.state.ready).toBe(true);
    expect(methods(kernel)[3]).toBe("list");
    kernel.free();
    await settle();
    expect(methods(kernel).slice(3)).toEqual(["list", "open", "groups", "scales"]);
    expect(made.store.state.experiment).toBe("half");
  });

  test("opens what is selected before what is resumable", async () => {
    const made = await started(new FakeKernel(two(), { selected: "done" }));
    expect(made.store.state.head?.id).toBe("done");
  });

  test("of a large experiment waits for its key frame, and says so", async () => {
    const kernel = new FakeKernel(two());
    const { open, plan } = kernel.methods;
    kernel.methods.open = () => [{ head: null, plan: null }];
    kernel.methods.plan = () => [{ plan: null }];
    const made = await started(kernel);
    expect(made.store.state).toMatchObject({ experiment: "half", reading: true, plan: null });
    open({ experiment: "half" });
    await settle();
    expect(made.store.state).toMatchObject({ reading: false, head: { id: "half" } });
    kernel.methods.plan = plan;
    kernel.changed();
    await settle();
    expect(made.store.state.plan?.id).toBe("plan-half");
  });

  test("opens nothing when there is nothing", async () => {
    const kernel = new FakeKernel([]);
    const made = await started(kernel);
    expect(made.store.state.rows).toEqual([]);
    expect(methods(kernel)).not.toContain("open");
  });

  test("in run mode asks for a snapshot alone, and draws before any reply", async () => {
    const kernel = new FakeKernel(two(), { mode: "run", selected: "half" });
    kernel.busy = true;
    const made = await started(kernel);
    kernel.key();
    kernel.patch([2], [byte("running")], { active: true, own: false });
    expect(made.store.state.head?.name).toBe("half");
    expect(made.store.state.tally.running).toBe(1);
    kernel.free();
    await settle();
    expect(methods(kernel)).toEqual(["hello", "hello", "hello", "snapshot", "groups", "scales"]);
  });
});

describe("the feed", () => {
  test("a patch on top of its predecessor counts", async () => {
    const kernel = new FakeKernel(two());
    const made = await started(kernel);
    kernel.patch([2], [byte("completed", true)], { active: true, done: 1 });
    expect(made.store.state.tally.replayed).toBe(1);
    expect(made.store.state.progress?.done).toBe(1);
    expect(methods(kernel)).not.toContain("snapshot");
  });

  test("after a gap nothing counts until the next key frame, which is asked for once", async () => {
    const kernel = new FakeKernel(two());
    const made = await started(kernel);
    kernel.busy = true;
    kernel.lose();
    kernel.patch([2], [byte("running")]);
    kernel.patch([3], [byte("running")]);
    expect(made.store.state.tally.running).toBe(0);
    expect(methods(kernel).filter((method) => method === "snapshot")).toHaveLength(1);
    kernel.key();
    expect(made.store.state.tally.running).toBe(2);
    kernel.patch([0], [byte("running")]);
    expect(made.store.state.tally.running).toBe(3);
  });

  test("a gap that only `changed` shows is a gap too", async () => {
    const kernel = new FakeKernel(two());
    await started(kernel);
    kernel.lose();
    kernel.changed();
    expect(methods(kernel)).toContain("snapshot");
  });

  test("is not asked for snapshots before the kernel has shaken hands", async () => {
    const kernel = new FakeKernel(two(), { selected: "half" });
    kernel.busy = true;
    await started(kernel);
    kernel.patch([2], [byte("running")]);
    expect(methods(kernel)).toEqual(["hello"]);
  });

  test("uneven experiments bring the runs of each item", async () => {
    const half = experiment("half", "half", 3, 3, states(), { uniform: false });
    const made = await started(new FakeKernel([{ ...half, runs: Uint16Array.of(1, 3, 2) }]));
    expect(made.cells.label(3)).toBe("item 1 · trial 2");
  });

  test("what is said of another experiment is passed over", async () => {
    const kernel = new FakeKernel(two());
    const made = await started(kernel);
    const head = { ...two()[0].head };
    const bytes = view(Uint8Array.of(5, 5));
    kernel.feed.emit("msg:custom", { kind: "key", seq: 99, head, progress: IDLE }, [bytes]);
    expect(made.store.state.head?.id).toBe("half");
    expect(made.store.state.tally.task_failed).toBe(1);
  });

  test("the list and the plan are asked again after `changed`, at most every half second", async () => {
    const kernel = new FakeKernel(two());
    await started(kernel);
    const asked = () => methods(kernel).filter((method) => method === "plan").length;
    for (let turn = 0; turn < 10; turn++) kernel.changed();
    await settle();
    expect(asked()).toBe(1);
    for (let turn = 0; turn < 10; turn++) kernel.changed();
    await vi.advanceTimersByTimeAsync(499);
    expect(asked()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked()).toBe(2);
    expect(methods(kernel).filter((method) => method === "list")).toHaveLength(3);
  });
});

describe("several views of a model", () => {
  test("follow the one experiment that the feed carries", async () => {
    const kernel = new FakeKernel(two());
    const one = await started(kernel);
    const other = await started(kernel);
    await other.open("done");
    await vi.advanceTimersByTimeAsync(600);
    for (const each of [one, other]) {
      expect(each.store.state.experiment).toBe("done");
      expect(each.store.state.plan?.id).toBe("plan-done");
      expect(each.store.state.tally.completed).toBe(2);
    }
  });

  test("end alone", async () => {
    const kernel = new FakeKernel(two());
    const closing = new AbortController();
    const one = await started(kernel);
    new ExperimentView(kernel.control.as<ControlTraits>(), kernel.feed.as(), closing.signal);
    closing.abort();
    kernel.patch([0], [byte("running")]);
    expect(one.store.state.tally.running).toBe(1);
    ending.abort();
    expect(kernel.control.listening() + kernel.feed.listening()).toBe(0);
  });
});

describe("clicks", () => {
  test("resume sends the plan that was shown, and waits until it runs", async () => {
    const kernel = new FakeKernel(two());
    const made = await started(kernel);
    void made.resume();
    const asked = {
      experiment: "half",
      plan: "plan-half",
      on_drift: "warn",
      until_complete: false,
    };
    expect(kernel.control.sent.at(-1)?.params).toEqual(asked);
    await settle();
    expect(made.store.state.pressed).toBe("resume");
    kernel.patch([], [], { active: true });
    expect(made.store.state.pressed).toBeNull();
  });

  test("a choice is asked for, shown at once, and planned anew", async () => {
    const kernel = new FakeKernel([
      offering(two()[1], ["answer"], [{ variable: "judge", name: "g_eval" }]),
    ]);
    const made = await started(kernel);
    kernel.busy = true;
    void made.choose("answer", ["judge"]);
    const asked = { experiment: "half", task: "answer", metrics: ["judge"] };
    expect(kernel.control.sent.at(-1)).toMatchObject({ method: "choose", params: asked });
    expect(made.store.state.plan?.chosen.task).toBe("answer");
    expect(made.store.state.plan?.obstacle).toBe("Choose the task.");
    kernel.free();
    await settle();
    expect(made.store.state.plan?.obstacle).toBeNull();
  });

  test("a choice that is refused is said, and what is on offer is asked again", async () => {
    const kernel = new FakeKernel([offering(two()[1], ["answer"], [])]);
    const made = await started(kernel);
    kernel.methods.choose = () => {
      throw new Error("There is no task 'answer' on offer.");
    };
    await made.choose("answer", []);
    expect(made.store.state.trouble.action).toBe("There is no task 'answer' on offer.");
    await settle();
    expect(methods(kernel).at(-1)).toBe("plan");
    expect(made.store.state.plan?.chosen.task).toBeNull();
  });

  test("a resume over before it was seen running does not hang the button", async () => {
    const kernel = new FakeKernel(two());
    const made = await started(kernel);
    await made.resume();
    kernel.changed();
    await settle();
    expect(made.store.state.pressed).toBeNull();
  });

  test("the plan is not offered again after its resume until it is asked anew", async () => {
    const kernel = new FakeKernel(two());
    const made = await started(kernel);
    kernel.patch([], [], { active: true });
    expect(made.store.state.plan?.id).toBe("plan-half");
    kernel.patch([], [], { active: false, outcome: "finished" });
    expect(made.store.state.plan).toBeNull();
    await settle();
    expect(made.store.state.plan?.id).toBe("plan-half");
  });

  test("a refusal is said in its words, and taken back by the next try", async () => {
    const kernel = new FakeKernel(two());
    const made = await started(kernel);
    kernel.methods.resume = () => {
      throw new Error("Another process resumes this experiment.");
    };
    await made.resume();
    expect(made.store.state.trouble.action).toBe("Another process resumes this experiment.");
    expect(made.store.state.pressed).toBeNull();
    kernel.methods.resume = () => [{}];
    await made.resume();
    expect(made.store.state.trouble.action).toBeUndefined();
  });

  test("an inspected cell is asked again when its state changes, not oftener than needed", async () => {
    const kernel = new FakeKernel(two());
    const made = await started(kernel);
    made.inspect(3);
    await settle();
    expect(made.store.state.inspected?.cell?.error?.type).toBe("RateLimitError");
    const asked = () => methods(kernel).filter((method) => method === "cell").length;
    kernel.patch([2], [byte("running")]);
    await vi.advanceTimersByTimeAsync(300);
    expect(asked()).toBe(1);
    kernel.patch([3], [byte("running")]);
    kernel.patch([3], [byte("completed", true)]);
    await vi.advanceTimersByTimeAsync(300);
    expect(asked()).toBe(2);
    expect(made.store.state.inspected?.cell?.state).toBe("completed");
  });

  test("the reply for a cell left behind is dropped", async () => {
    const kernel = new FakeKernel(two());
    const made = await started(kernel);
    kernel.busy = true;
    made.inspect(3);
    made.inspect(0);
    kernel.free();
    await settle();
    expect(made.store.state.inspected?.cell?.cell).toBe(0);
  });
});
