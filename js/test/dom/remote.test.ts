// The view of a server's store: its answers come late, and only what is in sight is read.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { experiment, FakeKernel } from "../../dev/fake";
import type { ControlTraits, Details, Method } from "../../src/protocol";
import { PAGE } from "../../src/state/listing";
import { ExperimentView } from "../../src/state/model";

const few = () => [experiment("half", "half", 3, 2, Uint8Array.of(3, 3, 0, 5, 3, 4))];
const lots = (n: number) =>
  Array.from({ length: n }, (_, at) => experiment(`e${at}`, `name ${at}`, 1, 1, Uint8Array.of(3)));
const remote = (experiments = few()) => new FakeKernel(experiments, { remote: true });
const DETAILS: Details = { input: null, spans: [], tokens: 7, cost: null, url: null };

let ending: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  ending = new AbortController();
});
afterEach(() => {
  ending.abort();
  vi.useRealTimers();
});

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const sent = (kernel: FakeKernel, method: Method) =>
  kernel.control.sent.filter((request) => request.method === method).map(({ params }) => params);

async function started(kernel: FakeKernel): Promise<ExperimentView> {
  const control = kernel.control.as<ControlTraits>();
  const made = new ExperimentView(control, kernel.feed.as(), ending.signal);
  void made.start();
  await settle();
  return made;
}

/** The kernel has no answer to this at first; `come` says that it has one now. */
function late(kernel: FakeKernel, method: Method): () => void {
  const known = kernel.methods[method];
  kernel.methods[method] = () => [null];
  return () => {
    kernel.methods[method] = known;
  };
}

describe("the list", () => {
  test("that comes late is asked again when there is news, and then something is opened", async () => {
    const kernel = remote();
    const come = late(kernel, "list");
    const made = await started(kernel);
    expect(made.store.state).toMatchObject({ rows: null, experiment: "", ready: true });
    come();
    kernel.changed("list");
    await settle();
    expect(made.store.state).toMatchObject({ total: 1, experiment: "half" });
    expect(sent(kernel, "plan")).toHaveLength(0);
  });

  test("is searched once the typing stops, and only its last answer counts", async () => {
    const kernel = remote(lots(12));
    const made = await started(kernel);
    const before = sent(kernel, "list").length;
    for (const search of ["n", "na", "name 1"]) {
      made.listing.find({ search });
      await settle(200);
    }
    expect(sent(kernel, "list")).toHaveLength(before);
    await settle(50);
    expect(sent(kernel, "list").slice(before)).toEqual([
      { search: "name 1", sort: "-created_at", offset: 0, limit: PAGE },
    ]);
    expect(made.store.state.rows?.map(({ name }) => name)).toEqual([
      "name 1",
      "name 10",
      "name 11",
    ]);
    expect(made.store.state.answered?.search).toBe("name 1");

    kernel.busy = true;
    made.listing.find({ search: "name 2" });
    await settle(250);
    made.listing.find({ search: "name 3" });
    await settle(250);
    kernel.free();
    await settle();
    expect(made.store.state.rows?.map(({ name }) => name)).toEqual(["name 3"]);
  });

  test("is ordered by its store, from the beginning", async () => {
    const kernel = remote(lots(PAGE + 3));
    const made = await started(kernel);
    made.listing.more();
    await settle();
    expect(made.store.state.rows).toHaveLength(PAGE + 3);
    made.listing.find({ sort: "name" });
    await settle();
    expect(sent(kernel, "list").at(-1)).toMatchObject({ sort: "name", offset: 0, limit: PAGE });
    expect(made.store.state.rows).toHaveLength(PAGE);
  });

  test("shows more page by page, each row once, and keeps them when there is news", async () => {
    const all = lots(2 * PAGE + 1);
    const kernel = remote(all);
    const made = await started(kernel);
    expect(made.store.state).toMatchObject({ total: 2 * PAGE + 1 });
    made.listing.more();
    await settle();
    expect(made.store.state.rows).toHaveLength(2 * PAGE);
    all.splice(PAGE, 0, all[PAGE - 1]); // moved while it was listed
    kernel.changed("list");
    await settle(500);
    expect(made.store.state.rows).toHaveLength(2 * PAGE - 1);
    expect(sent(kernel, "list").every(({ limit }) => Number(limit) <= 200)).toBe(true);
  });

  test("has the rows read that are in sight, of a server only", async () => {
    const kernel = remote(lots(3));
    const made = await started(kernel);
    made.listing.show(["e0", "e1"]);
    made.listing.show(["e1", "e2"]);
    await settle(200);
    expect(sent(kernel, "look")).toEqual([{ experiments: ["e1", "e2"] }]);
    const local = new FakeKernel(lots(3));
    (await started(local)).listing.show(["e0"]);
    await settle(200);
    expect(sent(local, "look")).toEqual([]);
  });

  test("is whole, as far as it is listed, when it is asked for what no store can tell", async () => {
    const all = lots(4 * PAGE + 1);
    all[4 * PAGE].row = { ...all[4 * PAGE].row, state: "resumable", failed: 3 };
    for (const narrow of [
      (made: ExperimentView) => made.listing.filter("resumable"),
      (made: ExperimentView) => made.listing.arrange("most failed"),
      (made: ExperimentView) => made.listing.find({ search: "resumable" }),
    ]) {
      const kernel = new FakeKernel(all);
      const made = await started(kernel);
      expect(made.store.state.rows).toHaveLength(PAGE);
      narrow(made);
      await settle(500);
      expect(made.store.state.rows).toHaveLength(4 * PAGE + 1);
      const asked = sent(kernel, "list").length;
      kernel.changed("list");
      await settle(500);
      expect(sent(kernel, "list"), "and stays so").toHaveLength(asked + 5);
    }
  });

  test("but not of thousands", async () => {
    const kernel = new FakeKernel(lots(1200));
    const made = await started(kernel);
    made.listing.filter("resumable");
    await settle(500);
    expect(made.store.state.rows).toHaveLength(1000);
  });

  test("of a server has those read that a state is asked of, in sight or not", async () => {
    const all = lots(3);
    for (const each of all) each.row = { ...each.row, done: null, state: "reading" };
    const kernel = remote(all);
    const made = await started(kernel);
    made.listing.show(["e0"]);
    await settle(200);
    made.listing.filter("resumable");
    made.listing.show([]);
    await settle(200);
    made.listing.filter("all");
    made.listing.show(["e2"]);
    await settle(200);
    expect(sent(kernel, "look").map(({ experiments }) => experiments)).toEqual([
      ["e0"],
      ["e0", "e1", "e2"],
      ["e2"],
    ]);
  });
});

describe("a cell", () => {
  test("and its details are asked again as long as they are owed, and no longer", async () => {
    const kernel = remote();
    const made = await started(kernel);
    const come = late(kernel, "cell");
    kernel.methods.details = () => [null];
    made.inspect(3);
    await settle();
    expect(made.store.state.inspected).toEqual({
      index: 3,
      cell: null,
      details: null,
      kept: null,
      tab: null,
    });
    come();
    kernel.changed("cell");
    await settle(500);
    expect(made.store.state.inspected?.cell?.cell).toBe(3);
    kernel.methods.details = () => [{ details: DETAILS }];
    kernel.changed("cell");
    await settle(500);
    expect(made.store.state.inspected?.details?.tokens).toBe(7);
    kernel.changed("cell");
    await settle(500);
    expect(sent(kernel, "cell")).toHaveLength(2);
    expect(sent(kernel, "details")).toHaveLength(3);
  });

  test("without details has them once its run has been delivered", async () => {
    const kernel = remote();
    const made = await started(kernel);
    made.inspect(3);
    await settle();
    expect(made.store.state.inspected).toMatchObject({ details: null, cell: { cell: 3 } });
    kernel.methods.details = () => [{ details: DETAILS }];
    kernel.changed("cell");
    await settle(500);
    expect(made.store.state.inspected?.details).toEqual(DETAILS);
    expect(sent(kernel, "cell")).toHaveLength(1);
  });

  test("of a local store has no details to ask for", async () => {
    const kernel = new FakeKernel(few());
    const made = await started(kernel);
    made.inspect(3);
    kernel.changed("cell");
    await settle(500);
    expect(sent(kernel, "details")).toEqual([]);
  });

  test("that cannot be had is said, and not asked again by itself", async () => {
    const kernel = remote();
    kernel.methods.cell = () => {
      throw new Error("Opik cannot be reached.");
    };
    const made = await started(kernel);
    made.inspect(3);
    await settle();
    kernel.changed("cell");
    await settle(500);
    expect(made.store.state.trouble.cell).toBe("Opik cannot be reached.");
    expect(sent(kernel, "cell")).toHaveLength(1);
  });
});

describe("news", () => {
  test("is asked for what it is about, and nothing else", async () => {
    const kernel = remote();
    await started(kernel);
    const asked = () =>
      (["list", "plan", "cell"] as const).map((each) => sent(kernel, each).length);
    const before = asked();
    kernel.changed("plan");
    await settle(500);
    expect(asked()).toEqual([before[0], before[1] + 1, before[2]]);
    kernel.changed("list");
    await settle(500);
    expect(asked()).toEqual([before[0] + 1, before[1] + 1, before[2]]);
  });

  test("an experiment that could not be read says why, and does not go on reading", async () => {
    const kernel = remote();
    kernel.methods.open = () => [{ head: null, plan: null }];
    const made = await started(kernel);
    expect(made.store.state.reading).toBe(true);
    kernel.methods.plan = () => {
      throw new Error("Opik cannot be reached.");
    };
    kernel.changed("plan");
    await settle(500);
    expect(made.store.state.reading).toBe(false);
    expect(made.store.state.trouble.experiment).toBe("Opik cannot be reached.");
  });

  test("somebody is there: said to the kernel of a server, one at a time", async () => {
    const kernel = remote();
    const made = await started(kernel);
    kernel.busy = true;
    made.greet();
    made.greet();
    expect(sent(kernel, "hello")).toHaveLength(4);
    const local = new FakeKernel(few());
    (await started(local)).greet();
    expect(sent(local, "hello")).toHaveLength(3);
  });
});
