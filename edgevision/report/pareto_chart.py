"""Accuracy against what it costs: who is worth a look, and who is beaten in everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgevision.report.axis import horizontal, spanning, vertical
from edgevision.report.figure import WIDTH, apart, color, figure
from edgevision.report.markup import Markup, join, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One model: less cost is better; whether more worth is, the metric says."""

    name: str
    cost: float
    worth: float
    low: float
    high: float


def pareto_front(dots: Sequence[Dot], *, is_less_better: bool = False) -> tuple[Dot, ...]:
    """Those that no other beats in cost and worth at once, cheapest first."""
    sign = -1 if is_less_better else 1
    front: list[Dot] = []
    for dot in sorted(dots, key=lambda one: (one.cost, -sign * one.worth)):
        if not front or sign * dot.worth > sign * front[-1].worth:
            front.append(dot)
    return tuple(front)


def accuracy_charts(models: Sequence[Mapping[str, Any]]) -> Markup:
    """The task's headline (agreement where there is no truth) against latency and against size."""
    axis = _axis(models)
    if axis is None:
        return Markup("")
    by_time, by_size = [], []
    for model in models:
        ends = axis.ends_of(model)
        if ends is not None:
            value, low, high = ends
            name = model["name"]
            time, size = model["latency"]["p50_ms"], model["size"]["file_bytes"] / 1e6
            by_time.append(Dot(name=name, cost=time, worth=value, low=low, high=high))
            by_size.append(Dot(name=name, cost=size, worth=value, low=low, high=high))
    if len(by_time) < 2:
        return Markup("")
    order = [model["name"] for model in models]
    return join(
        _scatter(f"{axis.subject} against latency", by_time, order, "p50, ms", axis),
        _scatter(f"{axis.subject} against size", by_size, order, "file, MB", axis),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _WorthAxis:
    """What the upright axis measures."""

    part: str
    """"evaluation" or "agreement", of a model's quality."""
    name: str
    """Of the metric in it."""
    title: str
    subject: str
    """For the figure's title."""
    is_share: bool
    is_less_better: bool

    def ends_of(self, model: Mapping[str, Any]) -> tuple[float, float, float] | None:
        """Value and interval, as drawn; None when unknown, or without bound."""
        quality = model.get("quality")
        if not quality:
            return None
        if self.part == "agreement" and quality["agreement"] is None:
            # The first model agrees with itself; in decibels that would be infinite.
            return (100.0, 100.0, 100.0) if self.is_share else None
        metric = ((quality[self.part] or {}).get("metrics") or {}).get(self.name)
        if metric is None or metric["value"] is None:
            return None
        scale = 100.0 if self.is_share else 1.0
        value = scale * metric["value"]
        low, high = (
            value if metric[end] is None else scale * metric[end] for end in ("low", "high")
        )
        return value, low, high


def _axis(models: Sequence[Mapping[str, Any]]) -> _WorthAxis | None:
    qualities = [model["quality"] for model in models if model.get("quality")]
    for part in ("evaluation", "agreement"):
        found = next((quality[part] for quality in qualities if quality[part]), None)
        if found is None:
            continue
        metric = found["metrics"][found["headline"]]
        unit = {"share": ", %", "": ""}.get(metric["unit"], f", {metric['unit']}")
        title = metric["title"] if part == "evaluation" else "agreement with the first model"
        if part == "agreement" and metric["unit"] != "share":
            title = metric["title"]
        return _WorthAxis(
            part=part,
            name=found["headline"],
            title=f"{title}{unit}",
            subject=_subject(part, metric),
            is_share=metric["unit"] == "share",
            is_less_better=not metric["higher_is_better"],
        )
    return None


def _subject(part: str, metric: Mapping[str, Any]) -> str:
    if part == "evaluation" and metric["unit"] != "share":
        return str(metric["short"])
    return "Accuracy" if part == "evaluation" else "Agreement"


def _scatter(
    title: str, dots: Sequence[Dot], order: Sequence[str], cost: str, worth: _WorthAxis
) -> Markup:
    bottom, left, right = 250, 60, WIDTH - 150
    x = spanning([dot.cost for dot in dots], left, right, is_log=True, margin=0.08)
    y = spanning([end for dot in dots for end in (dot.low, dot.high)], bottom, 24)
    front = pareto_front(dots, is_less_better=worth.is_less_better)
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
        vertical(y, left, right, worth.title),
        tag("polyline", points=line, class_="front"),
        *marks,
        note="Filled and joined: the Pareto front, not beaten in both. Bars: 95 % intervals.",
    )
