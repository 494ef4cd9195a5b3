from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from edgevision.pipeline import integer
from edgevision.pipeline.integer import GLANCE, TIMING, glance_ms


def timing(monkeypatch: pytest.MonkeyPatch, ms: Mapping[str, float]) -> list[object]:
    """Make every timing answer `ms`; returns the plans it was asked for."""
    plans: list[object] = []

    def time_models(files: Mapping[str, bytes], *, plan: object) -> dict[str, Any]:
        plans.append(plan)
        return {
            name: SimpleNamespace(name=name, summary=SimpleNamespace(p50_ms=ms[name]))
            for name in files
        }

    monkeypatch.setattr(integer, "time_models", time_models)
    return plans


def test_much_faster_needs_only_a_glance(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = timing(monkeypatch, {"float": 7.0, "int8": 3.0})
    assert glance_ms({"float": b"", "int8": b""}) == {"float": 7.0, "int8": 3.0}
    assert plans == [GLANCE]


def test_a_close_race_is_timed_properly(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = timing(monkeypatch, {"float": 7.0, "int8": 6.5})
    glance_ms({"float": b"", "int8": b""})
    assert plans == [GLANCE, TIMING]
