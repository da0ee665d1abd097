"""The live grid of a run, in the cell that is going to wait for it: of ``evaluate`` and its like, and of the magic."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from IPython.display import display

from opik_resume.notebook.background.desk import desk
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.widget.control import ResumeBrowser
from opik_resume.notebook.widget.finishing.offers import Offers

if TYPE_CHECKING:
    from opik_resume.engine import Run
    from opik_resume.experiment.planning.plan import ResumePlan
    from opik_resume.experiment.reading import Reading
    from opik_resume.stores.protocol import Store


def show_run(run: Run, plan: ResumePlan, reading: Reading, store: Store) -> Callable[[], None]:
    """Show a run that is ready and not started, whichever door made it. In the context of whoever waits for it.

    Returns:
        What is to be called before the cell ends: the picture that stays is of the end then.

    Raises:
        FrontEndMissing: the widget's front end is not built.
    """
    view = ResumeBrowser(store, Offers(Given()), mode="run")
    desk.follow(run, plan)
    show(view, reading)
    return view.keep_picture


def show(view: ResumeBrowser, reading: Reading) -> None:
    """Show a view that carries this experiment."""
    view.show(reading)
    display(view)
