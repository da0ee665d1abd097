"""What is stored of a task's output, type by type, beside what the ``opik`` package sends of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import ipaddress
import json
import uuid
from collections import Counter, OrderedDict, defaultdict, namedtuple
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PureWindowsPath
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pydantic
import pytest
from openai.types.chat import ChatCompletionMessage

from opik_resume.base.text.encoding import encoded
from tests.opik_peer import opik  # noqa: F401 - before the package's own modules: it sets the package's switches

from opik.jsonable_encoder import encode  # isort: skip


class Whole(enum.IntEnum):
    ONE = 1


class Word(enum.StrEnum):
    A = "a"


class Mixed(str, enum.Enum):  # noqa: UP042 - as many programs still write it
    B = "b"


class Nested(enum.Enum):
    LIST = (1, 2.5)


class Bits(enum.Flag):
    A = 1
    B = 2


Pair = namedtuple("Pair", "a b")  # noqa: PYI024 - what users return


@dataclasses.dataclass
class Inner:
    when: dt.date
    tags: set[str]


@dataclasses.dataclass
class Outer:
    inner: Inner
    more: list[Inner]
    number: Any = None


@dataclasses.dataclass(slots=True)
class Slotted:
    x: int
    fixed: int = dataclasses.field(default=3, init=False)


@dataclasses.dataclass
class HalfSlotted(Slotted):
    y: int = 2


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    name: str = pydantic.Field(alias="Name")
    child: Model | None = None
    price: Decimal = Decimal("1.50")
    home: Path = Path("a/b")


class Talking:
    def __init__(self) -> None:
        self.field = 1

    def __str__(self) -> str:
        return "I speak"


@dataclasses.dataclass
class Linked:
    name: str
    next: Any = None


def ring() -> Linked:
    first = Linked("a")
    first.next = Linked("b", first)
    return first


RING = ring()
INNER = Inner(dt.date(2026, 1, 2), {"t"})
MESSAGE = ChatCompletionMessage(role="assistant", content="hello")

# Made anew for each side, since generators give what they have once; or one object where its id is part of the text.
KINDS: dict[str, Callable[[], Any]] = {
    "np.float16": lambda: np.float16(0.5),
    "np.float32": lambda: np.float32(0.1),
    "np.float64": lambda: np.float64(0.1),
    "np.int8": lambda: np.int8(-3),
    "np.int64": lambda: np.int64(2**40),
    "np.uint8": lambda: np.uint8(200),
    "np.bool_": lambda: np.bool_(True),
    "np.str_": lambda: np.str_("x"),
    "np.bytes_": lambda: np.bytes_(b"x"),
    "np.datetime64": lambda: np.datetime64("2026-01-01T10:00"),
    "np.timedelta64": lambda: np.timedelta64(3, "s"),
    "ndarray": lambda: np.arange(6).reshape(2, 3),
    "ndarray of floats": lambda: np.array([0.1, 1e300, 5e-324]),
    "ndarray of nothing": lambda: np.array([]),
    "ndarray of one": lambda: np.array(7),
    "ndarray of objects": lambda: np.array([{"a": {1}}, None], dtype=object),
    "ndarray of times": lambda: np.array(["2026-01-01"], dtype="datetime64[D]"),
    "Timestamp": lambda: pd.Timestamp("2026-01-01 10:00:00.123456789"),
    "Timestamp with a zone": lambda: pd.Timestamp("2026-01-01 10:00", tz="Europe/Paris"),
    "Timestamp in UTC": lambda: pd.Timestamp("2026-01-01 10:00", tz="UTC"),
    "NaT": lambda: pd.NaT,
    "Timedelta": lambda: pd.Timedelta("1 days 2 hours"),
    "Period": lambda: pd.Period("2026-01"),
    "pydantic": lambda: Model.model_validate({"Name": "n", "child": Model(Name="c"), "more": {1}}),
    "pydantic with no extra": pydantic.create_model("Plain", a=(int, 1)),
    "openai's message": lambda: MESSAGE,
    "list of messages": lambda: [MESSAGE, {"role": "user", "content": "hi"}],
    "dataclass": lambda: Outer(INNER, [INNER], np.float32(1)),
    "dataclass with slots": lambda: Slotted(1),
    "dataclass with some slots": lambda: HalfSlotted(1),
    "dataclass within itself": lambda: RING,
    "namedtuple": lambda: Pair(1, {2}),
    "datetime": lambda: dt.datetime(2026, 1, 2, 3, 4, 5, 678),  # noqa: DTZ001
    "datetime in UTC": lambda: dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    "datetime with an offset": lambda: dt.datetime(2026, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=5))),
    "datetime with a zone": lambda: dt.datetime(2026, 7, 2, tzinfo=ZoneInfo("America/New_York")),
    "datetime with the zone UTC": lambda: dt.datetime(2026, 7, 2, tzinfo=ZoneInfo("UTC")),
    "date": lambda: dt.date(2026, 1, 2),
    "time": lambda: dt.time(10, 30),
    "timedelta": lambda: dt.timedelta(days=1, seconds=2),
    "Decimal": lambda: Decimal("0.10"),
    "Decimal NaN": lambda: Decimal("nan"),
    "Fraction": lambda: Fraction(1, 3),
    "set": lambda: {3, 1},
    "frozenset": lambda: frozenset("ab"),
    "tuple": lambda: (1, ("a", {2})),
    "generator": lambda: (n * n for n in range(3)),
    "generator of sets": lambda: ({n} for n in range(2)),
    "Enum of a tuple": lambda: Nested.LIST,
    "IntEnum": lambda: Whole.ONE,
    "StrEnum": lambda: Word.A,
    "str Enum": lambda: Mixed.B,
    "Flag": lambda: Bits.A | Bits.B,
    "Path": lambda: Path("/x/y"),
    "PureWindowsPath": lambda: PureWindowsPath("c:/x"),
    "UUID": lambda: uuid.UUID(int=5),
    "IP address": lambda: ipaddress.ip_address("10.0.0.1"),
    "bytes": lambda: b"\x00\xff",
    "bytearray": lambda: bytearray(b"xy"),
    "Exception": lambda: ValueError("bad", 3),
    "exception within": lambda: {"e": [KeyError("k")]},
    "object with a text": Talking,
    "OrderedDict": lambda: OrderedDict(b=1, a={2}),
    "defaultdict": lambda: defaultdict(list, a=[{1}]),
    "Counter": lambda: Counter("aab"),
    "keys that are no text": lambda: {1: "a", 2.5: "b", None: "c", False: {1}},
    "keys of enums": lambda: {Whole.ONE: {1}, Word.A: 2},
    "keys of dates": lambda: {dt.date(2026, 1, 2): 1, uuid.UUID(int=1): 2},
    "keys of numpy": lambda: {np.int64(1): 1, np.float64(0.5): {2}},
    "keys of dataclasses": lambda: {dataclasses.make_dataclass("Key", ["k"], frozen=True)(1): 2},
    "integers beyond 64 bits": lambda: [2**64, -(2**200), {1}],
    "small numbers": lambda: [1e-12, 5e-324, 1.0000000000000002, {1}],
    "deep": lambda: [[[[[[[[{"x": {1}}]]]]]]]],
    "twice the same": lambda: [INNER, INNER],
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_what_the_sdk_sends(kind: str) -> None:
    theirs = json.loads(json.dumps(encode({"output": KINDS[kind]()})))
    ours, _ = encoded({"output": KINDS[kind]()})
    assert repr(ours) == repr(theirs)  # 1 and 1.0 and True are not the same


class SaysNothing:
    pass


UNKNOWN = [SaysNothing(), SaysNothing, len, 1 + 2j, range(3), {}.keys(), Model, pd.NA, pd.Series([1]), pd.DataFrame()]


@pytest.mark.parametrize("value", UNKNOWN, ids=lambda value: type(value).__name__)
def test_what_the_sdk_does_not_know_either_is_marked_and_else_the_same(value: Any) -> None:
    made, (note,) = encoded({"output": value})
    assert made == {"output": f"<repr> {encode({'output': value})['output']}"}
    assert note.endswith("kept as its repr: ['output']")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("kind", [float, np.float64, lambda text: np.array(float(text))])
def test_numbers_that_json_does_not_have_are_marked_where_the_sdk_sends_what_is_no_json(number: str, kind: Any) -> None:
    assert json.dumps(encode({"output": kind(number)})) == f'{{"output": {number}}}'
    assert encoded({"output": kind(number)})[0] == {"output": f"<float {number}>"}
