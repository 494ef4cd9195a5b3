"""Figures in words never say more than was measured."""

import math

import pytest

from edgevision.evaluation.figure_text import metric_text, value_text
from edgevision.metrics.estimate import Estimate
from edgevision.tasks.figures import Metric


def text(value: float, unit: str) -> str:
    return value_text(Metric(name="m", title="m", unit=unit, estimate=Estimate(value=value)))


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1.0, "", "1"),
        (0.99995871, "", "0.9999587"),
        (0.9999999999, "", "1"),
        (0.9498, "", "0.9498"),
        (20.43, "", "20.43"),
        (0.0, "nats", "0.0000 nats"),
        (0.0000049, "nats", "5e-06 nats"),
        (0.0031, "nats", "0.0031 nats"),
        (0.871, "share", "87.1 %"),
        (math.inf, "dB", "exact"),
    ],
)
def test_a_rounded_figure_does_not_pass_for_a_perfect_one(
    value: float, unit: str, expected: str
) -> None:
    assert text(value, unit) == expected


def test_what_is_exact_has_no_unit() -> None:
    exact = Estimate(value=math.inf, low=math.inf, high=math.inf)
    assert metric_text(Metric(name="m", title="m", unit="dB", estimate=exact)) == "exact"
