"""``python -m bench.pressure``: a provider that bears so many calls a second, and four ways of calling it too often.

Ours with and without adaptive, tenacity alone in a pool of threads, and the published policy of Inspect AI: from 20
connections, twice as many after each round without a refusal until the first one, then 5 % more; 0.8 times as many after a
refusal, at most once in 15 s; and 3 s, 6 s, … and up to 3 s more before a call is made again, with its connection held.
What is theirs is written anew from its documentation. All on one provider each, with a real socket.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import tenacity

from opik_resume import connect, create_dataset, evaluate
from tests.engine.provider import KEY, Provider

THREADS = 16
RETRIES = 100
LEAST, START, MOST = 4, 20, 100  # Inspect's connections
COOLDOWN = 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--rate", type=float, default=40.0, help="calls a second")
    parser.add_argument("--burst", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=0.1, help="that an answer takes")
    parser.add_argument("--states", default="", choices=["", "retry-after", "retry-after-ms"])
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    best = (
        max((options.runs - options.burst) / options.rate, options.runs / THREADS * options.seconds) + options.seconds
    )
    print(
        f"Best possible: {best:.2f} s\n\n| what | s | of the best | calls | refused | paid |\n|---|---:|---:|---:|---:|---:|"
    )
    with tempfile.TemporaryDirectory() as folder:
        connect(Path(folder) / "experiments.sqlite3")
        dataset = create_dataset("numbers")
        dataset.insert({"n": n} for n in range(options.runs))
        ways: dict[str, Callable[[_Caller], None]] = {
            "ours": lambda caller: _ours(dataset, caller),
            "ours, `adaptive=False`, retries": lambda caller: _ours(dataset, caller, adaptive=False, retries=RETRIES),
            "tenacity alone": lambda caller: _tenacity(options.runs, caller),
            "Inspect's policy": lambda caller: asyncio.run(_Inspect(caller).all(options.runs)),
        }
        _ours(dataset, _Caller(""), task=lambda _: {"output": ""})  # warm
        for what, way in ways.items():
            if options.only in what:
                _row(what, way, best, options)


def _row(what: str, way: Callable[[_Caller], None], best: float, options: Any) -> None:
    with Provider(options.rate, options.burst, states=options.states, seconds=options.seconds) as provider:
        caller = _Caller(provider.url)
        began = time.perf_counter()
        way(caller)
        seconds = time.perf_counter() - began
    calls = provider.paid + provider.refused
    shares = f"{seconds / best:.2f}× | {calls} | {provider.refused} ({provider.refused / calls:.1%})"
    print(f"| {what} | {seconds:.2f} | {shares} | {provider.paid} |", flush=True)


class _Caller:
    """Calls one provider."""

    def __init__(self, url: str) -> None:
        self.options: dict[str, Any] = {"base_url": url, "headers": {"authorization": f"Bearer {KEY}"}}
        self._client = httpx.Client(**self.options, limits=httpx.Limits(max_connections=None))

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        response = self._client.post("/", json={"n": item["n"]})
        response.raise_for_status()
        return dict(response.json())


def _ours(dataset: Any, caller: _Caller, task: Any = None, **options: Any) -> None:
    result = evaluate(dataset, task or caller, [], verbose=0, display=None, task_threads=THREADS, **options)
    assert result.complete, result.summary()


def _tenacity(runs: int, caller: _Caller) -> None:
    again = tenacity.retry(
        retry=tenacity.retry_if_exception_type(httpx.HTTPStatusError), wait=tenacity.wait_exponential_jitter()
    )
    with ThreadPoolExecutor(THREADS) as pool:
        assert len(list(pool.map(again(caller), ({"n": n} for n in range(runs))))) == runs


class _Inspect:
    """Its adaptive connections, as documented."""

    def __init__(self, caller: _Caller) -> None:
        self._options = caller.options
        self._limit, self._used, self._clean = float(START), 0, 0
        self._cut, self._slow_start = float("-inf"), True
        self._changed = asyncio.Condition()

    async def all(self, runs: int) -> None:
        async with httpx.AsyncClient(**self._options, limits=httpx.Limits(max_connections=None)) as client:
            await asyncio.gather(*(self._one(client, n) for n in range(runs)))

    async def _one(self, client: httpx.AsyncClient, n: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._used < int(self._limit))
            self._used += 1
        tries = 0
        while (await client.post("/", json={"n": n})).status_code == 429:
            self._refused()
            await asyncio.sleep(min(1800.0, 3.0 * 2.0**tries + random.uniform(0, 3)))
            tries += 1
        async with self._changed:
            self._used -= 1
            if tries == 0:
                self._passed()
            self._changed.notify_all()

    def _refused(self) -> None:
        self._clean, self._slow_start = 0, False
        if time.monotonic() - self._cut >= COOLDOWN:
            self._cut, self._limit = time.monotonic(), max(float(LEAST), self._limit * 0.8)

    def _passed(self) -> None:
        self._clean += 1
        if self._clean >= self._limit:
            self._clean = 0
            self._limit = min(
                float(MOST), self._limit * 2 if self._slow_start else max(self._limit * 1.05, self._limit + 1)
            )


if __name__ == "__main__":
    main()
