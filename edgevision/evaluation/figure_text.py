"""Figures in words, for a terminal or a page: "87.1 % (61 of 70; ...)", "43.1 dB"."""

import math

from edgevision.metrics.estimate import Estimate
from edgevision.quantities import percent
from edgevision.tasks.figures import Metric


def metric_text(metric: Metric) -> str:
    """A figure with its interval: "87.1 % (61 of 70; 95 %: 77.3 % to 93.1 %)", "43.1 dB"."""
    one = metric.estimate
    has_unit = metric.unit not in {"share", ""} and math.isfinite(one.value)
    unit = f" {metric.unit}" if has_unit else ""
    if metric.unit == "share" and one.hits is not None:
        return f"{percent(one.value)} ({one.hits} of {one.count}{_ends(metric, '; ')})"
    ends = _ends(metric)
    return f"{number_text(metric, one.value)}{unit}" + (f" ({ends})" if ends else "")


def value_text(metric: Metric) -> str:
    """A figure alone, for a cell of a table: "87.1 %", "43.1 dB", "0.9983"."""
    value = metric.estimate.value
    if metric.unit == "share":
        return percent(value)
    unit = f" {metric.unit}" if metric.unit and math.isfinite(value) else ""
    return f"{number_text(metric, value)}{unit}"


def drop_text(drop: Estimate, unit: str) -> str:
    """As in "0.4 points (95 %: -0.2 to 1.1)" of a share; else in the metric's own `unit`."""
    scale, digits, unit = (100.0, 1, " points") if unit == "share" else (1.0, 4, f" {unit}")
    unit = unit.rstrip()
    text = f"{scale * drop.value:.{digits}f}{unit}"
    if drop.low is None or drop.high is None:
        return text
    return f"{text} (95 %: {scale * drop.low:.{digits}f} to {scale * drop.high:.{digits}f})"


def _ends(metric: Metric, before: str = "") -> str:
    one = metric.estimate
    if one.low is None or one.high is None or not math.isfinite(one.value):
        return ""
    if metric.unit == "share" and one.hits is not None:
        low, high = percent(one.low), percent(one.high)
    else:
        low, high = (number_text(metric, end) for end in (one.low, one.high))
    return f"{before}95 %: {low} to {high}"


def number_text(metric: Metric, value: float) -> str:
    """A value of the metric without its unit; "exact" where nothing differs."""
    if math.isnan(value):
        return "-"
    if metric.unit == "dB":
        return f"{value:.1f}" if math.isfinite(value) else "exact"
    if metric.unit == "share":
        return f"{value:.3f}"
    if metric.unit == "nats":
        # "0.0000" is not what was measured.
        return f"{value:.1g}" if 0 < abs(value) < 5e-5 else f"{value:.4f}"
    text = f"{value:.4g}"
    if text == "1" and value != 1:
        # A cosine of 0.99999 is not 1.
        return f"{value:.7f}".rstrip("0").removesuffix(".")
    return text
