"""The server of these tests is one as in real life: what its lagging views make of the SDK, and what they do not of us."""

from __future__ import annotations

from opik_resume import experiments, plan_resume
from opik_resume.stores.protocol import Store
from tests.interchange import by_us
from tests.interchange.cases import THEIRS
from tests.interchange.world import DELETED, MISSES, World, missing


def test_only_what_believes_the_views_runs_again_what_was_run(world: World, store: Store) -> None:
    """The SDK within the lag after us: it pays twice. We, at any time, and it after the lag: nothing is left to do."""
    case, views = THEIRS[0], world.server.aggregates
    world.play("sdk", "evaluate", case.name)
    before = world.complete(case.name)
    world.settle()
    views.frozen = True
    assert by_us.resume(case.name, world.notes("us")).complete
    assert views.missed == MISSES, "and we were told that there is no such experiment"
    left = missing(case.wanted, before)
    assert world.noted("us", "called", case.name) == left

    world.too_early = True
    world.play("sdk", "resume", case.name, world.experiment(case.name))
    assert world.noted("sdk", "called", f"{case.name}; resumed") == left, "the views said so"
    assert len(plan_resume(case.name)) == 0

    world.too_early = False
    world.play("sdk", "resume", case.name, world.experiment(case.name))
    assert world.noted("sdk", "called", f"{case.name}; resumed") == left, "nothing more"


def test_all_that_can_be_read_is_listed_beside_what_cannot(world: World, store: Store) -> None:
    known = {row["name"] for row in world.server.state.experiments.values()}
    states = experiments(store=store).set_index("name").state.to_dict()
    assert states.keys() == known
    assert [name for name, state in states.items() if state == "unread"] == [DELETED]
