"""Accuracy against what it costs: who is worth a look, and who is beaten in everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgevision.report.axis import horizontal, spanning, vertical
from edgevision.report.figure import WIDTH, apart, color, figure
from edgevision.report.markup import Markup, join, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One model: less cost is better, more worth is better."""

    name: str
    cost: float
    worth: float
    low: float
    high: float


def pareto_front(dots: Sequence[Dot]) -> tuple[Dot, ...]:
    """Those that no other beats in cost and worth at once, cheapest first."""
    front: list[Dot] = []
    for dot in sorted(dots, key=lambda one: (one.cost, -one.worth)):
        if not front or dot.worth > front[-1].worth:
            front.append(dot)
    return tuple(front)


def accuracy_charts(models: Sequence[Mapping[str, Any]]) -> Markup:
    """Accuracy (agreement where there are no labels) against latency and against size."""
    worths = [_worth(model) for model in models]
    if sum(worth is not None for worth in worths) < 2:
        return Markup("")
    labelled = any((model.get("accuracy") or {}).get("top1") for model in models)
    what = "top-1 accuracy, %" if labelled else "agreement with the first model, %"
    by_time, by_size = [], []
    for model, worth in zip(models, worths, strict=True):
        if worth is not None:
            value, low, high = (100 * worth[key] for key in ("value", "low", "high"))
            name = model["name"]
            time, size = model["latency"]["p50_ms"], model["size"]["file_bytes"] / 1e6
            by_time.append(Dot(name=name, cost=time, worth=value, low=low, high=high))
            by_size.append(Dot(name=name, cost=size, worth=value, low=low, high=high))
    order = [model["name"] for model in models]
    return join(
        _scatter("Accuracy against latency", by_time, order, "p50, ms", what),
        _scatter("Accuracy against size", by_size, order, "file, MB", what),
    )


def _worth(model: Mapping[str, Any]) -> Mapping[str, float] | None:
    accuracy = model.get("accuracy")
    if not accuracy:
        return None
    if accuracy["top1"]:
        found: Mapping[str, float] = accuracy["top1"]
        return found
    if accuracy["change"]:
        agreement: Mapping[str, float] = accuracy["change"]["agreement"]
        return agreement
    # The first model of an unlabelled set agrees with itself.
    return {"value": 1.0, "low": 1.0, "high": 1.0}


def _scatter(
    title: str, dots: Sequence[Dot], order: Sequence[str], cost: str, worth: str
) -> Markup:
    bottom, left, right = 250, 60, WIDTH - 150
    x = spanning([dot.cost for dot in dots], left, right, is_log=True, margin=0.08)
    y = spanning([end for dot in dots for end in (dot.low, dot.high)], bottom, 24)
    front = pareto_front(dots)
    labels = apart([y(dot.worth) for dot in dots], 13)
    line = " ".join(f"{x(dot.cost):.1f},{y(dot.worth):.1f}" for dot in front)
    marks = []
    for dot, label_y in zip(dots, labels, strict=True):
        kind, at = color(order.index(dot.name)), x(dot.cost)
        shape = "fill" if dot in front else "hollow"
        marks += [
            tag("line", x1=at, x2=at, y1=y(dot.low), y2=y(dot.high), class_=f"thin {kind}"),
            tag("circle", cx=at, cy=y(dot.worth), r=6, class_=f"{shape} {kind}"),
            tag("text", dot.name, x=at + 11, y=label_y + 4, class_="label"),
        ]
    return figure(
        title,
        bottom + 40,
        horizontal(x, bottom, 24, cost),
        vertical(y, left, right, worth),
        tag("polyline", points=line, class_="front"),
        *marks,
        note="Filled and joined: the Pareto front, not beaten in both. Bars: 95 % intervals.",
    )
