"""A task or metric that is unchanged has the same fingerprint in every process; one that is changed has another."""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import AsyncMock, MagicMock, Mock

import pytest

from opik_resume.experiment.fingerprints import Fingerprint, diff, differs, fingerprint
from opik_resume.metrics import Contains, Equals

# Name → a module that defines ``it``, and a change of its text that changes what it does.
KINDS: dict[str, tuple[str, tuple[str, str]]] = {
    "function": ("def it(item):\n    return {'a': item['n'] + 1}", ("+ 1", "+ 2")),
    "coroutine": ("async def it(item):\n    return {'a': 1}", ("1", "2")),
    "generator inside": ("def it(item):\n    return {'a': sum(i for i in range(3))}", ("3", "4")),
    "lambda": ("it = lambda item: {'a': 1}", ("1", "2")),
    "one lambda of two": ("other, it = lambda item: {'a': 0}, lambda item: {'a': 1}", ("1", "2")),
    "lambda in a call": ("def same(f):\n    return f\nit = same(\n    lambda item: {'a': 1},\n)", ("1", "2")),
    "lambda in a dict": ("it = {'x': lambda item: {'a': 1}, 'y': lambda item: {'a': 5}}['x']", ("1", "2")),
    "nested lambda": ("it = (lambda k: lambda item: {'a': k})(3)", ("3", "4")),
    "default": ("K = 1\ndef it(item, k=K):\n    return {'a': k}", ("1", "2")),
    "keyword default": ("K = 1\ndef it(item, *, k=K):\n    return {'a': k}", ("1", "2")),
    "constant": ("MODEL = 'small'\ndef it(item):\n    return {'a': MODEL}", ("small", "large")),
    "lower constant": ("model = 'small'\ndef it(item):\n    return {'a': model}", ("small", "large")),
    "constant list": ("PARTS = ['a', 'b']\ndef it(item):\n    return {'a': PARTS}", ("'b'", "'c'")),
    "constant dict": ("CONFIG = {'t': 0.5}\ndef it(item):\n    return CONFIG", ("0.5", "0.6")),
    "constant set": ("WORDS = {'x', 'y', 'z', 'w'}\ndef it(item):\n    return {'a': item['n'] in WORDS}", ("'w'", "'v'")),
    "constant of a nested one": ("N = 1\ndef it(item):\n    def inner():\n        return N\n    return {'a': inner()}", ("N = 1", "N = 2")),
    "pattern": ("import re\nP = re.compile('a+')\ndef it(item):\n    return {'a': P.findall('x')}", ("a+", "b+")),
    "enum": ("import enum\nE = enum.Enum('E', 'a b')\nM = E.a\ndef it(item):\n    return {'a': M}", ("E.a", "E.b")),
    "closure": ("def make(k):\n    def it(item):\n        return {'a': k}\n    return it\nit = make(1)", ("make(1)", "make(2)")),
    "closure of a function": ("def make(f):\n    def it(item):\n        return f(item)\n    return it\nit = make(lambda i: {'a': 1})", ("1", "2")),
    "helper": ("def help(n):\n    return n + 1\ndef it(item):\n    return {'a': help(item['n'])}", ("n + 1", "n + 2")),
    "helper of a helper": ("def b(n):\n    return n + 1\ndef a(n):\n    return b(n)\ndef it(item):\n    return {'a': a(1)}", ("n + 1", "n + 2")),
    "recursive": ("def it(item):\n    return it({}) if item else {'a': 1}", ("1", "2")),
    "partial": ("import functools\ndef f(item, k):\n    return {'a': k}\nit = functools.partial(f, k=1)", ("k=1", "k=2")),
    "partial of positions": ("import functools\ndef f(k, item):\n    return {'a': k}\nit = functools.partial(f, 'x')", ("'x'", "'y'")),
    "partial of a partial": ("import functools as t\ndef f(item, j, k):\n    return {}\nit = t.partial(t.partial(f, j=1), k=5)", ("j=1", "j=2")),
    "partial with a function": ("import functools\ndef g():\n    return 1\ndef f(item, g):\n    return {'a': g()}\nit = functools.partial(f, g=g)", ("return 1", "return 2")),
    "decorated": ("import functools\ndef d(f):\n    @functools.wraps(f)\n    def w(item):\n        return f(item)\n    return w\n@d\ndef it(item):\n    return {'a': 1}", ("1", "2")),
    "decorator": ("import functools\ndef d(f):\n    @functools.wraps(f)\n    def w(item):\n        return f(item) | {'b': 1}\n    return w\n@d\ndef it(item):\n    return {}", ("1", "2")),
    "decorator with an argument": ("import functools\nN = 3\ndef d(n):\n    def deco(f):\n        @functools.wraps(f)\n        def w(item):\n            return {'n': n}\n        return w\n    return deco\n@d(N)\ndef it(item):\n    return {}", ("N = 3", "N = 4")),
    "bare decorator": ("def d(f):\n    def w(item):\n        return f(item)\n    return w\n@d\ndef it(item):\n    return {'a': 1}", ("1", "2")),
    "cached": ("import functools\n@functools.lru_cache\ndef it(item):\n    return {'a': 1}", ("1", "2")),
    "method": ("class A:\n    def run(self, item):\n        return {'a': 1}\nit = A().run", ("1", "2")),
    "method's object": ("class A:\n    def __init__(self, k):\n        self.k = k\n    def run(self, item):\n        return {'a': self.k}\nit = A(1).run", ("A(1)", "A(2)")),
    "class method": ("class A:\n    @classmethod\n    def run(cls, item):\n        return {'a': 1}\nit = A.run", ("1", "2")),
    "static method": ("class A:\n    @staticmethod\n    def run(item):\n        return {'a': 1}\nit = A.run", ("1", "2")),
    "method of the same class": ("class A:\n    def help(self):\n        return 1\n    def run(self, item):\n        return {'a': self.help()}\nit = A().run", ("1", "2")),
    "callable": ("class A:\n    def __call__(self, item):\n        return {'a': 1}\nit = A()", ("1", "2")),
    "callable's settings": ("class A:\n    def __init__(self, k):\n        self.k = k\n    def __call__(self, item):\n        return {}\nit = A(1)", ("A(1)", "A(2)")),
    "dataclass": ("import dataclasses\n@dataclasses.dataclass\nclass A:\n    k: int = 0\n    def __call__(self, item):\n        return {}\nit = A(1)", ("A(1)", "A(2)")),
    "metric": ("class M:\n    name = 'm'\n    def score(self, output, **_):\n        return 1.0\nit = M()", ("1.0", "2.0")),
    "metric's settings": ("class M:\n    def __init__(self, limit):\n        self.name, self.limit = 'm', limit\n    def score(self, output, **_):\n        return 1.0\nit = M(3)", ("M(3)", "M(4)")),
    "metric's prompt": ("P = 'Judge: {}'\nclass M:\n    name = 'm'\n    def score(self, output, **_):\n        return P\nit = M()", ("Judge", "Rate")),
    "inherited": ("class B:\n    def __call__(self, item):\n        return {'a': 1}\nclass A(B):\n    pass\nit = A()", ("1", "2")),
    "conditional": ("if True:\n    def it(item):\n        return {'a': 1}\nelse:\n    def it(item):\n        return {'a': 5}", ("1", "2")),
    "constant beside a result": ("CONFIG = {'t': 1}\ndef it(item):\n    out = {}\n    out['t'] = CONFIG['t']\n    return out", ("1", "2")),
    "large constant": ("ROWS = [{'n': i} for i in range(100_000)]\ndef it(item):\n    return {'n': len(ROWS)}", ("100_000", "100_001")),
    "large number": ("N = 10 ** 5\ndef it(item):\n    return {'n': N}", ("10 **", "11 **")),
    "frozen dataclass": ("import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass A:\n    _k: int = 0\n    def __call__(self, item):\n        return {}\nit = A(1)", ("A(1)", "A(2)")),
    "built by exec": ("space = {}\nexec(\"def it(item):\\n    return {'a': item['n'] in {'x', 'y', 'z'}}\", space)\nit = space['it']", ("'y'", "'w'")),
    "property": ("class A:\n    @property\n    def prompt(self):\n        return 'old'\n    def __call__(self, item):\n        return {'a': self.prompt}\nit = A()", ("old", "new")),
    "cached property": ("import functools\nclass A:\n    @functools.cached_property\n    def prompt(self):\n        return 'old'\n    def __call__(self, item):\n        return {'a': self.prompt}\nit = A()", ("old", "new")),
    "cached helper": ("import functools\n@functools.lru_cache\ndef help(n):\n    return n + 1\ndef it(item):\n    return {'a': help(item['n'])}", ("n + 1", "n + 2")),
    "class it makes one of": ("class A:\n    def run(self, item):\n        return {'a': 1}\ndef it(item):\n    return A().run(item)", ("1", "2")),
    "parent of such a class": ("class B:\n    PROMPT = 'old'\nclass A(B):\n    def run(self):\n        return super().PROMPT\ndef it(item):\n    return {'a': A().run()}", ("old", "new")),
    "constant of a class": ("class A:\n    model = 'small'\n    def __call__(self, item):\n        return {'a': self.model}\nit = A()", ("small", "large")),
    "object beside it": ("class A:\n    def run(self, item):\n        return {'a': 1}\nagent = A()\ndef it(item):\n    return agent.run(item)", ("1", "2")),
    "settings of such an object": ("class A:\n    def __init__(self, model):\n        self.model = model\nagent = A('small')\ndef it(item):\n    return {'a': agent.model}", ("small", "large")),
    "configuration": ("import dataclasses\n@dataclasses.dataclass\nclass C:\n    model: str\n    t: float = 0.5\nCONFIG = C('small')\ndef it(item):\n    return {'a': CONFIG.model}", ("'small'", "'large'")),
    "configuration's default": ("import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass C:\n    model: str\n    t: float = 0.5\nconfig = C('small')\ndef it(item):\n    return {'a': config.t}", ("0.5", "0.6")),
    "name space": ("import types\nCONFIG = types.SimpleNamespace(model='small')\ndef it(item):\n    return {'a': CONFIG.model}", ("small", "large")),
    "named tuple": ("import collections\nC = collections.namedtuple('C', 'model')('small')\ndef it(item):\n    return {'a': C.model}", ("small", "large")),
    "value of an enum": ("import enum\nclass E(enum.Enum):\n    a = 'small'\ndef it(item):\n    return {'a': E.a.value}", ("small", "large")),
    "value of a member": ("import enum\nclass E(enum.Enum):\n    a = 'small'\nM = E.a\ndef it(item):\n    return {'a': M.value}", ("small", "large")),
    "decimal": ("import decimal\nD = decimal.Decimal('0.5')\ndef it(item):\n    return {'a': D}", ("0.5", "0.6")),
    "table of functions": ("TABLE = {'x': lambda item: {'a': 1}}\ndef it(item):\n    return TABLE['x'](item)", ("1", "2")),
    "list of functions": ("def one(item):\n    return {'a': 1}\nsteps = [one]\ndef it(item):\n    return steps[0](item)", ("1", "2")),
    "slots": ("class A:\n    __slots__ = ('k',)\n    def __init__(self, k):\n        self.k = k\n    def __call__(self, item):\n        return {}\nit = A('x')", ("'x'", "'y'")),
    "match": ("def it(item):\n    match item:\n        case {'n': 1}:\n            return {}\n    return {'a': 7}", ("7", "8")),
}  # fmt: skip


def read(folder: Path, source: str) -> Fingerprint:
    """The fingerprint of ``it`` of a module, imported here."""
    import importlib.util

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "theirs.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("theirs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return fingerprint(module.it)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_same_until_it_is_changed(kind: str, tmp_path: Path) -> None:
    source, (old, new) = KINDS[kind]
    before = read(tmp_path / "a", source)
    assert before.digests, "nothing was read"
    same = read(tmp_path / "elsewhere", f"# moved\n\n\n{source}  # said\n\nafterwards = 1\n")
    assert (differs(before, same), diff(before, same), before.digest) == ([], "", same.digest)
    changed = read(tmp_path / "b", source.replace(old, new, 1) if old != "1" else source.replace("1", "2"))
    assert differs(before, changed)
    assert before.digest != changed.digest
    if not any(label.startswith("bytecode") for label in before.digests):
        assert diff(before, changed).startswith("--- ")


def test_another_process_reads_the_same(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path.cwd())!r})\nimport json\nfrom pathlib import Path\nfrom tests.experiment.test_fingerprints import KINDS, read\n"
        "print(json.dumps({kind: read(Path(sys.argv[1]) / str(n), source).digest\n"
        "                  for n, (kind, (source, _)) in enumerate(KINDS.items())}))"
    )
    told = []
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        said = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / seed)], check=True, capture_output=True, text=True, env=env
        )
        told.append(json.loads(said.stdout))
    assert told[0] == told[1]


UNCHANGED = {
    "a counter": "calls = 0\ndef it(item):\n    global calls\n    calls += 1\n    return {}",
    "a list that grows": "seen = []\ndef it(item):\n    seen.append(item)\n    return {}",
    "a cache": "cache = {}\ndef it(item):\n    return cache.setdefault('x', {})",
    "a nonlocal": "def make():\n    n = 0\n    def it(item):\n        nonlocal n\n        n += 1\n        return {}\n    return it\nit = make()",
    "its own attribute": "class A:\n    def __init__(self):\n        self.calls = 0\n    def __call__(self, item):\n        self.calls += 1\n        return {}\nit = A()",
    "a default that grows": "def it(item, seen=[]):\n    seen.append(1)\n    return {}",
    "a cache in capitals": "CACHE = {}\ndef it(item):\n    if 'x' not in CACHE:\n        CACHE['x'] = 1\n    return {}",
    "a log in capitals": "SEEN = []\ndef it(item):\n    SEEN.append(1)\n    return {'n': len(SEEN)}",
    "counts in capitals": "COUNTS = {'x': 0}\ndef it(item):\n    COUNTS['x'] += 1\n    return {}",
    "what a helper keeps": "KEPT = set()\ndef keep(n):\n    KEPT.add(n)\ndef it(item):\n    keep(1)\n    return {'n': len(KEPT)}",
    "what is emptied": "LEFT = [1, 2, 3]\ndef it(item):\n    del LEFT[0]\n    return {}",
    "in an inner function": "CACHE = {}\ndef it(item):\n    def keep(k):\n        CACHE[k] = 1\n    keep(len(CACHE))\n    return {}",
    "a cached property": "import functools\nclass A:\n    @functools.cached_property\n    def prompt(self):\n        return 'read from a file'\n    def __call__(self, item):\n        return {'a': self.prompt}\nit = A()",
    "a mock": "from unittest.mock import Mock\nit = Mock(return_value={})",
    "a mock of a function": "from unittest.mock import create_autospec\ndef f(item):\n    return {}\nit = create_autospec(f, return_value={})",
    "what an object beside it counts": "class A:\n    def __init__(self, calls):\n        self.calls = calls\n    def run(self):\n        self.calls += 1\nagent = A(0)\ndef it(item):\n    agent.run()\n    return {}",
    "what it counts in an object": "class A:\n    def __init__(self, calls):\n        self.calls = calls\nSTATS = A(0)\ndef it(item):\n    STATS.calls += 1\n    return {}",
    "what a class counts": "class A:\n    calls = 0\n    def __call__(self, item):\n        A.calls += 1\n        return {}\nit = A()",
    "what it counts in a class": "class A:\n    calls = 0\ndef it(item):\n    A.calls += 1\n    return {}",
    "counts in a name space": "import types\nN = types.SimpleNamespace(calls=0)\ndef it(item):\n    N.calls += 1\n    return {}",
    "a configuration that is filled": "import dataclasses\n@dataclasses.dataclass\nclass C:\n    last: str = ''\nC1 = C()\ndef it(item):\n    C1.last += 'x'\n    return {}",
    "a mock beside it": "from unittest.mock import Mock\nclass Client(Mock):\n    pass\nclient = Client()\ndef it(item):\n    client.ask(item)\n    return {}",
    "a cache of a helper": "import functools\n@functools.lru_cache\ndef help(n):\n    return n\ndef it(item):\n    return {'a': help(len(item))}",
    "slots that count": "class A:\n    __slots__ = ('n',)\n    def __init__(self):\n        self.n = 0\n    def __call__(self, item):\n        self.n += 1\n        return {}\nit = A()",
    "an attribute of the function": "def it(item):\n    it.calls = getattr(it, 'calls', 0) + 1\n    return {}",
}  # fmt: skip


@pytest.mark.parametrize("kind", UNCHANGED)
def test_what_it_counts_or_keeps_is_no_change(kind: str) -> None:
    space: dict[str, object] = {"__name__": "theirs"}
    exec(compile(UNCHANGED[kind], "<string>", "exec", dont_inherit=True), space)
    it = space["it"]
    before = fingerprint(it)
    assert callable(it)
    it({})
    it({})
    assert fingerprint(it).digest == before.digest


def test_what_an_object_beside_it_makes_of_itself_is_no_change() -> None:
    """Its time and its name of its own differ in every process."""
    source = (
        "import time, uuid\nclass A:\n    def __init__(self, model):\n        self.model = model\n        self.id = uuid.uuid4().hex\n"
        "        self.began = time.perf_counter()\nagent = A('x')\ndef it(item):\n    return {'a': agent.model, 'b': agent.id}"
    )
    made = []
    for _ in range(2):
        space: dict[str, object] = {"__name__": "theirs"}
        exec(source, space)
        made.append(fingerprint(space["it"]))
    assert differs(*made) == []
    assert "model of A" in made[0].digests


@pytest.mark.parametrize(
    "who",
    [
        "def change():\n    global up\n    up = False",
        "class World:\n    def change(self):\n        global up\n        up = False\nchange = World().change",
        "def make():\n    def inner():\n        global up\n        up = False\n    return inner\nchange = make()",
    ],
)
def test_what_others_of_its_module_assign_is_no_change(who: str) -> None:
    space: dict[str, object] = {"__name__": "theirs"}
    exec(f"up = True\n{who}\ndef it(item):\n    return {{'a': up}}", space)
    before = fingerprint(space["it"])
    change = space["change"]
    assert callable(change)
    change()
    assert space["up"] is False
    assert fingerprint(space["it"]).digest == before.digest


def test_comments_docstrings_and_layout_are_no_change(tmp_path: Path) -> None:
    before = read(tmp_path / "a", 'def it(item):\n    """Says."""\n    return {"a": 1, "b": 2}')
    after = read(tmp_path / "b", "def it(item):\n    # said\n    return {\n        'a': 1,\n\n        'b': 2,\n    }")
    assert differs(before, after) == []


def test_the_diff_shows_the_text_as_it_was_written(tmp_path: Path) -> None:
    before = read(tmp_path / "a", "MODEL = 'small'\ndef it(item):\n    return {'a': MODEL}  # said")
    after = read(tmp_path / "b", "MODEL = 'large'\ndef it(item):\n    return {'b': MODEL}  # said")
    assert diff(before, after).splitlines() == [
        "--- source of it, as it was", "+++ source of it, now", "@@ -1,2 +1,2 @@",
        " def it(item):", "-    return {'a': MODEL}", "+    return {'b': MODEL}",
        "--- MODEL in it, as it was", "+++ MODEL in it, now", "@@ -1 +1 @@", "-'small'", "+'large'",
    ]  # fmt: skip


def test_no_key_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEIR_API_KEY", "sk-abcdefghijklmnop")
    source = (
        "API_KEY = 'sk-something'\ndef it(item, token='t0ken-123'):\n    return ask('sk-abcdefghijklmnop', API_KEY)"
    )
    kept = read(tmp_path, source)
    assert not {"sk-abcdefghijklmnop", "'sk-something'"} & set(" ".join(kept.parts.values()).split())
    assert "sk-abcdefghijklmnop" not in repr(kept)
    assert "sk-something" not in repr(kept)
    assert "writtenhere" not in repr(kept)
    assert "1234567890abcd" not in repr(kept)
    monkeypatch.setenv("THEIR_API_KEY", "sk-qrstuvwxyzqrstuv")
    other = read(
        tmp_path / "b", source.replace("abcdefghijklmnop", "qrstuvwxyzqrstuv").replace("sk-something", "sk-else")
    )
    assert differs(kept, other) == []


def test_a_source_that_cannot_be_read_is_no_change_against_one_that_can(tmp_path: Path) -> None:
    source = "def it(item):\n    return {'a': 1}"
    space: dict[str, object] = {"__name__": "theirs"}
    exec(source, space)
    unread = fingerprint(space["it"])
    assert differs(read(tmp_path, source), unread) == []
    exec(source.replace("1", "2"), space)
    assert differs(unread, fingerprint(space["it"]))


def test_the_source_of_a_cell_is_read_though_it_was_compiled_statement_by_statement(tmp_path: Path) -> None:
    # Compiled as a whole, Python knows that the name was imported, and calls it by other instructions.
    written = "from __future__ import annotations\nimport time\ndef it(item):\n    time.sleep(0)\n    return {'a': 1}"
    cell = tmp_path / "cell.py"
    cell.write_text(written)
    space: dict[str, object] = {"__name__": "theirs"}
    for statement in ast.parse(written).body:
        exec(compile(ast.Module([statement], []), str(cell), "exec", dont_inherit=True), space)
    assert "source of it" in fingerprint(space["it"]).parts
    assert differs(read(tmp_path, written), fingerprint(space["it"])) == []


def test_a_file_that_was_edited_since_is_not_taken_for_the_source(tmp_path: Path) -> None:
    first = read(tmp_path, "def it(item):\n    return {'a': 1}")
    assert any(label.startswith("source") for label in first.digests)

    def edited_since() -> None:
        import importlib.util

        spec = importlib.util.spec_from_file_location("theirs", tmp_path / "theirs.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        (tmp_path / "theirs.py").write_text("def it(item):\n    return {'other': item['n'] + 5}\n")
        import linecache

        linecache.checkcache()
        assert differs(first, fingerprint(module.it)) == []

    edited_since()


def test_metrics_of_the_library_are_their_name_and_settings() -> None:
    assert fingerprint(Equals()).digest == fingerprint(Equals()).digest
    assert differs(fingerprint(Contains()), fingerprint(Contains(case_sensitive=True)))


def test_built_ins_and_odd_objects_are_read_without_an_error() -> None:
    class Odd:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

        def __call__(self, item: object) -> object:
            return item

    odds: tuple[object, ...] = (dict, len, functools.partial(dict, a=1), Odd(), str.upper, print)
    for odd in odds:
        assert fingerprint(odd).name


class Raising:
    """Nothing of it can be looked at."""

    def __getattribute__(self, name: str) -> object:
        raise RuntimeError(name)

    def __call__(self, item: dict[str, object]) -> dict[str, object]:
        return {}


class Pretending:
    """It says that it is of another class, as proxies do."""

    def __init__(self, kind: object) -> None:
        vars(self)["kind"] = kind

    @property  # type: ignore[misc]
    def __class__(self) -> object:  # type: ignore[override]
        if self.kind is None:  # type: ignore[attr-defined]
            raise RuntimeError("nothing is bound")
        return self.kind  # type: ignore[attr-defined]

    def __call__(self, item: dict[str, object]) -> dict[str, object]:
        return {}


class Model:
    """Like one of torch: thousands of parameters in the instance, and assignment of its own."""

    def __init__(self) -> None:
        for number in range(50_000):
            vars(self)[f"weight_{number}"] = (float(number),) * 100
        vars(self)["_calls"] = 0

    def __setattr__(self, name: str, value: object) -> None:
        vars(self)[name] = value

    def __getattr__(self, name: str) -> object:
        return lambda *args: name

    def __call__(self, item: dict[str, object]) -> dict[str, object]:
        return {}


def closed_over(value: object) -> Callable[[object], object]:
    return lambda item: {"n": value}


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value, value]
    return value


def tracked() -> Callable[..., object]:
    opik = pytest.importorskip("opik")

    @opik.track  # type: ignore[untyped-decorator]
    def answer(item: dict[str, object]) -> dict[str, object]:
        return {"output": "x"}

    return answer  # type: ignore[no-any-return]


def pydantic_model() -> object:
    import pydantic

    class Judge(pydantic.BaseModel):
        limit: int = 3

        def __call__(self, item: dict[str, object]) -> dict[str, object]:
            return {}

    return Judge(limit=4)


ODD: dict[str, Callable[[], object]] = {
    "mock": Mock,
    "magic mock": MagicMock,
    "async mock": AsyncMock,
    "mock of a dict": lambda: Mock(spec=dict),
    "mock of a function": lambda: Mock(spec=closed_over),
    "nothing can be looked at": Raising,
    "a proxy of nothing": lambda: Pretending(None),
    "a proxy of a function": lambda: Pretending(type(closed_over)),
    "a proxy of a partial": lambda: Pretending(functools.partial),
    "a large model": Model,
    "tracked": tracked,
    "pydantic": pydantic_model,
    "a class": lambda: Model,
    "built in": lambda: len,
    "a method of a built-in": lambda: {}.get,
    "a descriptor": lambda: str.upper,
    "a large tuple": lambda: closed_over(((1.5,) * 1_000,) * 1_000_000),
    "a large set": lambda: closed_over(frozenset(range(300_000))),
    "a large text": lambda: closed_over("x" * 50_000_000),
    "a large number": lambda: closed_over(1 << 50_000_000),
    "a dag": lambda: closed_over(tuple(nested(60))),
    "odd values": lambda: closed_over((Raising(), Pretending(None))),
    "an odd value": lambda: closed_over(Pretending(None)),
    "None": lambda: None,
}


@pytest.mark.parametrize("kind", ODD)
def test_nothing_is_too_odd_or_too_large(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    of = ODD[kind]()
    fingerprint(of)  # what is looked up once in a process is there
    began = time.process_time()
    first = fingerprint(of)
    assert time.process_time() - began < 0.5, "it is bounded; the machine may be slow"
    assert (first.digest, first.mark) == (fingerprint(of).digest, first.mark)
    assert sum(map(len, first.parts.values())) <= 100_000
    assert first.name


def test_a_value_that_cannot_be_read_hides_no_other() -> None:
    def made(limit: int) -> Callable[[object], object]:
        odd = Pretending(None)
        return lambda item: {"odd": odd, "limit": limit}

    assert differs(fingerprint(made(1)), fingerprint(made(2))) == ["limit in <lambda>"]
