import gc
import itertools
from pathlib import Path

import numpy as np
import pytest

from edgevision.bench.timing.case import Case, cases_for
from edgevision.bench.timing.inputs import fill_random
from edgevision.bench.timing.latency import time_cases, time_models
from edgevision.bench.timing.plan import TimingPlan
from edgevision.errors import ModelError
from tests.bench.conftest import FakeWorld

MS = 1_000_000


def case(name: str) -> Case:
    return Case(name=name, model=b"")


def test_each_round_opens_the_model_afresh_and_keeps_every_time() -> None:
    world = FakeWorld({"a": lambda run: (9 if run == 0 else 2) * MS}, open_ns=7 * MS)
    plan = TimingPlan(rounds=2, seconds=0.02, least_runs=1, warmup_runs=3, warmup_seconds=0)
    (found,) = time_cases([case("a")], plan, open_case=world.open, clock_ns=world.clock)
    assert [part.init_ns for part in found.rounds] == [7 * MS, 7 * MS]
    assert [part.first_ns for part in found.rounds] == [9 * MS, 9 * MS]
    assert found.rounds[0].warmup_ns == (2 * MS,) * 3
    # 0.01 s a round, runs of 2 ms.
    assert found.rounds[0].timed_ns == (2 * MS,) * 5
    assert world.log.count("open a") == world.log.count("close a") == 2
    assert (found.init_ms, found.first_ms, found.summary.p50_ms) == (7.0, 9.0, 2.0)


def test_models_take_turns_within_a_round() -> None:
    world = FakeWorld({"a": lambda _: 1 * MS, "b": lambda _: 1 * MS})
    plan = TimingPlan(rounds=1, seconds=0.03, block_seconds=0.01, least_runs=1, warmup_seconds=0)
    time_cases([case("a"), case("b")], plan, open_case=world.open, clock_ns=world.clock)
    runs = [line for line in world.log if len(line) == 1]
    turns = [(name, len(list(group))) for name, group in itertools.groupby(runs)]
    # Both start (1 first + 5 warm-up runs), then blocks of 1 untimed + 10 timed: A B, B A, A B.
    first, second = turns[0][0], turns[1][0]
    assert turns == [(first, 6), (second, 6), (first, 11), (second, 22), (first, 22), (second, 11)]


def test_the_order_of_the_models_is_shuffled_over_rounds() -> None:
    world = FakeWorld({"a": lambda _: MS, "b": lambda _: MS})
    plan = TimingPlan(rounds=10, seconds=0, least_runs=1)
    time_cases([case("a"), case("b")], plan, open_case=world.open, clock_ns=world.clock)
    opened = [line for line in world.log if line.startswith("open")]
    assert set(zip(opened[::2], opened[1::2], strict=True)) == {
        ("open a", "open b"),
        ("open b", "open a"),
    }


def test_a_slow_model_is_still_run_often_enough() -> None:
    world = FakeWorld({"a": lambda _: 900 * MS})
    plan = TimingPlan(rounds=5, seconds=1, least_runs=20, warmup_runs=1)
    (found,) = time_cases([case("a")], plan, open_case=world.open, clock_ns=world.clock)
    assert found.summary.runs == 20


def test_a_very_fast_model_is_not_run_a_million_times() -> None:
    world = FakeWorld({"a": lambda _: 1000})
    plan = TimingPlan(rounds=2, seconds=2, most_runs=400, warmup_seconds=0)
    (found,) = time_cases([case("a")], plan, open_case=world.open, clock_ns=world.clock)
    assert found.summary.runs == 400


def test_a_late_warm_up_is_left_out_of_the_statistics_and_kept_in_the_samples() -> None:
    world = FakeWorld({"a": lambda run: (5 if run < 30 else 2) * MS})
    plan = TimingPlan(rounds=1, seconds=1, least_runs=1, warmup_runs=5, warmup_seconds=0)
    (found,) = time_cases([case("a")], plan, open_case=world.open, clock_ns=world.clock)
    assert found.summary.max_ms == 2.0
    assert max(found.rounds[0].timed_ns) == 5 * MS
    # Run 0 is the first inference, which is counted apart.
    assert found.warmup_runs == 29


def test_the_model_is_closed_and_the_garbage_collector_back_on_when_a_run_fails() -> None:
    def broken(run: int) -> int:
        if run == 4:
            message = "no"
            raise ModelError(message)
        return MS

    world = FakeWorld({"a": broken})
    with pytest.raises(ModelError):
        time_cases([case("a")], TimingPlan(), open_case=world.open, clock_ns=world.clock)
    assert gc.isenabled()
    world = FakeWorld({"a": lambda _: MS, "b": broken})
    with pytest.raises(ModelError):
        time_cases([case("b"), case("a")], TimingPlan(), open_case=world.open, clock_ns=world.clock)
    assert world.log.count("open a") == world.log.count("close a")


def test_inputs_are_filled_over_the_range_of_their_type() -> None:
    chance = np.random.default_rng(0)
    bytes_, reals = np.zeros((1, 4000), np.uint8), np.zeros((1, 4000), np.float32)
    fill_random(bytes_, chance)
    fill_random(reals, chance)
    assert (bytes_.min(), bytes_.max()) == (0, 255)
    assert -1 <= reals.min() < -0.9
    assert 0.9 < reals.max() <= 1


def test_a_real_model_is_timed(probe: Path) -> None:
    plan = TimingPlan(rounds=2, seconds=0.01, warmup_seconds=0)
    found = time_models({"one": probe, "two": probe.read_bytes()}, plan=plan)
    assert list(found) == ["one", "two"]
    assert found["two"].runtime.startswith(("ai-edge-litert", "tflite-runtime"))
    assert 0 < found["one"].summary.min_ms <= found["one"].summary.p50_ms


def test_progress_counts_rounds(probe: Path) -> None:
    seen: list[tuple[int, int]] = []
    time_models(
        {"one": probe},
        plan=TimingPlan(rounds=3, seconds=0, least_runs=1),
        progress=lambda done, total, _: seen.append((done, total)),
    )
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_plan_checks_itself() -> None:
    with pytest.raises(ValueError, match="rounds must be at least 1"):
        TimingPlan(rounds=0)
    with pytest.raises(ValueError, match="seconds must not be negative"):
        TimingPlan(seconds=-1)


def test_names_say_what_differs() -> None:
    one, other = Path("a/int8.tflite"), Path("b/int8.tflite")
    assert [c.name for c in cases_for([one, Path("x.tflite")])] == ["int8", "x"]
    assert [c.name for c in cases_for([one, other])] == ["a/int8", "b/int8"]
    assert [c.name for c in cases_for([one, one])] == ["a/int8 #1", "a/int8 #2"]
    assert [c.name for c in cases_for([one], threads=(1, 2))] == [
        "int8 [1 thread]",
        "int8 [2 threads]",
    ]
    assert [c.name for c in cases_for([one], runtimes=("litert", "tflite-runtime"))] == [
        "int8 [litert]",
        "int8 [tflite-runtime]",
    ]
