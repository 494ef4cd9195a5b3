"""A model run for minutes: latency, heat and clock over time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgevision.report.axis import Axis, horizontal, spanning, vertical
from edgevision.report.figure import WIDTH, figure
from edgevision.report.markup import Markup, tag

_PANEL = 110
_LEFT, _RIGHT = 60, WIDTH - 20

Points = Sequence[Mapping[str, Any]]


def sustained(model: Mapping[str, Any]) -> Markup:
    """Panels over the same seconds; what the machine did not tell has none and is named."""
    found = model.get("sustained")
    if not found or len(found["points"]) < 2:
        return Markup("")
    points: Points = found["points"]
    time = Axis(low=0, high=points[-1]["at_s"], begin=_LEFT, end=_RIGHT)
    panels: list[tuple[str, Callable[[Mapping[str, Any]], Any], str]] = [
        ("p50, ms", lambda point: point["p50_ms"], "c0"),
        ("°C", lambda point: point["reading"]["temperature_c"], "c1"),
        ("MHz", lambda point: point["reading"]["clock_mhz"], "c2"),
    ]
    drawn = []
    top = 24.0
    for label, value, kind in panels:
        if any(value(point) is not None for point in points):
            drawn.append(_panel(points, value, time, top=top, label=label, kind=kind))
            top += _PANEL
    bottom = top - 24
    shaded = [
        tag(
            "rect",
            tag("title", "slowed by the board"),
            x=time(max(0.0, point["at_s"] - 1)),
            width=max(1.0, time(point["at_s"]) - time(max(0.0, point["at_s"] - 1))),
            y=10,
            height=bottom - 10,
            class_="limit",
        )
        for point in points
        if point["reading"]["throttled"]
    ]
    missing = found["missing"]
    return figure(
        f"{model['name']}: {points[-1]['at_s'] / 60:.1f} minutes without a pause",
        bottom + 40,
        *shaded,
        horizontal(time, bottom, 10, "seconds"),
        *drawn,
        note=f"Not told by this machine: {', '.join(missing)}." if missing else "",
    )


def _panel(
    points: Points,
    value: Callable[[Mapping[str, Any]], Any],
    time: Axis,
    *,
    top: float,
    label: str,
    kind: str,
) -> Markup:
    known = [(point["at_s"], value(point)) for point in points if value(point) is not None]
    values = [y for _, y in known]
    # At least a tenth up and down, or the noise of a steady machine would look like mountains.
    axis = spanning([0.9 * min(values), 1.1 * max(values)], top + _PANEL - 34, top, margin=0)
    line = " ".join(f"{time(x):.1f},{axis(y):.1f}" for x, y in known)
    return tag(
        "g",
        vertical(axis, _LEFT, _RIGHT, label),
        tag("polyline", points=line, class_=f"line {kind}"),
    )
