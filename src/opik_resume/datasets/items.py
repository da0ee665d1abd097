"""Users' dicts → items, checked: an item that cannot be used is named, and nothing of its call is inserted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from opik_resume.base.ids import is_id, new_id
from opik_resume.base.records import Item
from opik_resume.datasets import values
from opik_resume.exceptions import ArgumentError, DatasetItemUpdateOperationRequiresItemId, UnsupportedArgument

_OWN = ("id", "execution_policy")
_JUDGED = "'evaluators' belong to Opik's test suites, which opik.run_tests runs: leave the key out, or rename it"
_OTHER_KEY = " To keep an id of your own, rename the key, for example to 'item_key': items get an id by themselves."


def checked_items(items: Any, *, need_ids: bool = False) -> list[Item]:
    """Items of dicts, in order. ``need_ids``: each must say which item it is. Raises ArgumentError."""
    if not isinstance(items, Iterable) or isinstance(items, (str, Mapping)):
        raise ArgumentError(f"items must be a list of dicts, got {type(items).__name__}. Nothing was changed.")
    return [_item(position, item, need_ids) for position, item in enumerate(items)]


def checked_ids(items_ids: Any) -> list[str]:
    """Ids of items, as the store writes them. Raises ArgumentError."""
    if not isinstance(items_ids, Iterable) or isinstance(items_ids, (str, Mapping)):
        raise ArgumentError(f"items_ids must be a list of ids, got {type(items_ids).__name__}. Nothing was changed.")
    return [_id(f"items_ids[{position}]", str(item_id)) for position, item_id in enumerate(items_ids)]


def _item(position: int, given: Any, need_id: bool) -> Item:
    where = f"items[{position}]"
    given = _of_sdk(given) if callable(getattr(given, "get_content", None)) else given
    if not isinstance(given, Mapping):
        raise ArgumentError(f"{where} must be a dict, got {type(given).__name__}. Nothing was changed.")
    if given.get("evaluators") is not None:
        raise UnsupportedArgument(f"{where}: {_JUDGED}. Nothing was changed.")
    given = {key: value for key, value in given.items() if key not in _OWN or not values.missing(value)}
    data = {key: value for key, value in given.items() if key not in _OWN}
    if not all(isinstance(key, str) for key in data):
        raise ArgumentError(f"{where} must have keys that are strings. Nothing was changed.")
    data = values.stored(data, where)
    if not data:
        raise ArgumentError(f"{where} must have at least one key with a value. Nothing was changed.")
    if need_id and given.get("id") is None:
        raise DatasetItemUpdateOperationRequiresItemId(
            f"{where} needs its 'id', to say which item it replaces. Nothing was changed."
        )
    item_id = new_id() if given.get("id") is None else _id(f"{where}['id']", given["id"], _OTHER_KEY)
    return Item(item_id, data, _runs(where, given.get("execution_policy")))


def _of_sdk(item: Any) -> dict[str, Any]:
    """The dict of an item of the ``opik`` package, or of a sampler's view of one of ours."""
    policy = item.execution_policy
    runs = getattr(policy, "runs_per_item", None)
    own = {"id": item.id, "evaluators": item.evaluators or None}
    return {**item.get_content(), **own, "execution_policy": None if runs is None else {"runs_per_item": runs}}


def _id(where: str, value: Any, remedy: str = "") -> str:
    value = str(value) if isinstance(value, UUID) else value
    if not isinstance(value, str) or not is_id(value):
        raise ArgumentError(f"{where} must be a UUID, got {value!r}.{remedy} Nothing was changed.")
    return value.lower()


def _runs(where: str, policy: Any) -> int | None:
    if policy is None:
        return None
    runs = policy.get("runs_per_item") if isinstance(policy, Mapping) else None
    if not isinstance(runs, int) or isinstance(runs, bool) or runs < 1:
        raise ArgumentError(
            f"{where}['execution_policy'] must be like {{'runs_per_item': 3}}, got {policy!r}. Nothing was changed."
        )
    return runs
