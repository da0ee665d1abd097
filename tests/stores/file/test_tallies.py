"""What SQL counts of many experiments at once is what their grids count."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt, ErrorInfo, Experiment, Item
from opik_resume.base.tallies import Expectation, Tally
from opik_resume.experiment.grid import Grid
from opik_resume.stores.file import tallies
from opik_resume.stores.file.database import placeholders
from opik_resume.stores.local import LocalStore
from tests.builders import NOON, complete, failed, failed_score
from tests.stores.file.test_columns import histories, one_store, starts
from tests.stores.file.test_columns import store as store  # noqa: PLC0414  # a fixture

NAMES = ["ä", "b", "c", "gone"]
policies = st.lists(st.sampled_from([None, 1, 2, 3]), min_size=3, max_size=3)
# Several attempts at each of a few cells, all of which state their trial: what decides between them is what is counted.
crowded = st.lists(
    st.builds(
        lambda item, trial, kind: kind(item, trial),
        st.sampled_from(["ä", "b"]),
        st.integers(0, 1),
        st.sampled_from(
            [
                complete,
                lambda *cell: complete(*cell, scores=(failed_score(),)),
                failed,
                lambda *cell: failed(*cell, returned=True),
                lambda *cell: failed(*cell, error=ErrorInfo("KeyboardInterrupt", "", "")),
            ]
        ),
    ),
    min_size=4,
    max_size=12,
)
kinds = st.tuples(st.integers(1, 3), st.sampled_from([None, 1, 2, 9]), st.sampled_from(["v1", "v2"]))


@one_store
@given(
    made=st.lists(st.tuples(histories | crowded, starts | st.just([]), kinds), min_size=1, max_size=3),
    before=policies,
    after=policies,
)
def test_it_counts_as_grids_do(
    store: LocalStore,
    made: list[tuple[list[Attempt], list[Attempt], tuple[int, int | None, str]]],
    before: list[int | None],
    after: list[int | None],
) -> None:
    ids = {name: new_id() for name in NAMES}
    dataset = store.create_dataset(new_id())
    for version, policy in enumerate((before, after)):
        items = [Item(ids[n], {"n": n, "v": version}, runs) for n, runs in zip(NAMES, policy, strict=False)]
        store.insert_items(dataset.id, items)
    wanted = []
    for history, begun, (runs, nb_samples, version_name) in made:
        experiment = Experiment(new_id(), "e", dataset.id, dataset.name, version_name, {}, 6, NOON, NOON)
        store.create(experiment)
        own = [replace(a, id=new_id(), experiment_id=experiment.id, item_id=ids[a.item_id]) for a in history]
        for start in begun:
            store.start(replace(start, id=new_id(), experiment_id=experiment.id, item_id=ids[start.item_id]))
        store.record(own)
        wanted.append(Expectation(experiment.id, dataset.id, version_name, runs, nb_samples))
    found = store.tallies(wanted)
    for each in wanted:
        attempts = store.attempts(each.experiment_id)
        assert (each.experiment_id in found) == all(attempt.trial is not None for attempt in attempts)
        assert found.get(each.experiment_id, counted(store, each)) == counted(store, each)


def counted(store: LocalStore, wanted: Expectation) -> Tally:
    items = store.items(wanted.dataset_id, wanted.version_name)[: wanted.nb_samples]
    expected = {item.id: item.runs_per_item or wanted.runs_per_item for item in items}
    grid = Grid(expected, store.attempts(wanted.experiment_id))
    return Tally(grid.done, grid.failed, len(grid))


def test_more_experiments_than_one_query_takes(store: LocalStore) -> None:
    dataset = store.create_dataset("d")
    item = Item(new_id(), {})
    store.insert_items(dataset.id, [item])
    made = [Experiment(new_id(), "e", dataset.id, "d", "v1", {}, 1, NOON, NOON) for _ in range(205)]
    for n, experiment in enumerate(made):
        store.create(experiment)
        if n % 2:
            store.record([complete(item.id, experiment_id=experiment.id)])
    found = store.tallies([Expectation(e.id, dataset.id, "v1", 1, None) for e in made])
    assert [found[e.id] for e in made] == [Tally(n % 2, 0, 1) for n in range(205)]


def test_each_cell_finds_its_item_by_its_id(store: LocalStore) -> None:
    """Not by a range of ids, which would look at every item for every cell."""
    values = placeholders(1, 5)
    query = f"EXPLAIN QUERY PLAN {tallies._COUNTED.replace('{values}', values)}"
    plan = [row["detail"] for row in store._database.read(query, ("e", "d", 1, 1, ""))]
    (of_items,) = [line for line in plan if line.startswith("SEARCH i ")]
    assert "dataset_id=? AND id=?" in of_items
