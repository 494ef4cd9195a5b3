"""Where the time goes within a model, and how far each layer is from the float one."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgevision.report.axis import Axis, horizontal
from edgevision.report.figure import WIDTH, figure, legend
from edgevision.report.markup import Markup, tag

_MOST = 20
_ROW = 17
_RUNNERS: Mapping[bool | None, tuple[str, str]] = {
    True: ("runs in the delegate (XNNPACK by default)", "c0"),
    False: ("built-in kernel", "c1"),
    None: ("not told", "c2"),
}


def operations(model: Mapping[str, Any]) -> Markup:
    """Bars of the slowest operations; those a delegate does not run stand out."""
    profile = model.get("profile")
    if not profile:
        return Markup("")
    known = [one for one in profile["operations"] if one["time_ms"]]
    if not known:
        return Markup("")
    shown = sorted(known, key=lambda one: -one["time_ms"])[:_MOST]
    axis = Axis(low=0, high=shown[0]["time_ms"] * 1.05, begin=250, end=WIDTH - 20)
    bottom = 26 + _ROW * len(shown)
    bars = []
    for index, one in enumerate(shown):
        y = 26 + _ROW * index
        kind = _RUNNERS[one["delegated"]][1]
        shape = "x".join(str(side) for side in one["shape"])
        bars += [
            tag("text", f"{one['name']} {shape}", x=244, y=y + 11, text_anchor="end"),
            tag(
                "rect",
                tag("title", f"#{one['index']} {one['output']}: {one['time_ms']:.4f} ms"),
                x=axis.begin,
                y=y,
                width=max(1.0, axis(one["time_ms"]) - axis.begin),
                height=_ROW - 5,
                class_=f"fill {kind}",
            ),
        ]
    kinds = [kind for kind in _RUNNERS if any(one["delegated"] is kind for one in shown)]
    parts = sum(one["time_ms"] for one in known)
    share = parts / profile["whole_ms"] if profile["whole_ms"] else 0
    return figure(
        f"{model['name']}: time per operation",
        bottom + 40,
        *legend([_RUNNERS[kind][0] for kind in kinds], [_RUNNERS[kind][1] for kind in kinds], 14),
        horizontal(axis, bottom, 22, "ms"),
        *bars,
        note=f"The {len(shown)} slowest of {len(known)}. All parts together are {share:.0%} of the "
        f"whole model's {profile['whole_ms']:.3g} ms.",
    )


def layer_errors(layers: Sequence[Mapping[str, Any]]) -> Markup:
    """Bars of the layers that quantization changed most: signal to noise, low is bad."""
    known = sorted(
        (one for one in layers if isinstance(one.get("sqnr_db"), (int, float))),
        key=lambda one: one["sqnr_db"],
    )[:_MOST]
    if not known:
        return Markup("")
    high = max(20.0, *(one["sqnr_db"] for one in known))
    low = min(0.0, known[0]["sqnr_db"])
    axis = Axis(low=low, high=high, begin=250, end=WIDTH - 20)
    bottom = 8 + _ROW * len(known)
    bars = []
    for index, one in enumerate(known):
        y = 8 + _ROW * index
        bars += [
            tag("text", str(one["name"])[-38:], x=244, y=y + 11, text_anchor="end"),
            tag(
                "rect",
                tag("title", f"{one['name']}: {one['sqnr_db']:.1f} dB"),
                x=axis.begin,
                y=y,
                width=max(1.0, axis(one["sqnr_db"]) - axis.begin),
                height=_ROW - 5,
                class_="fill c3",
            ),
            tag("text", _cause(one), x=axis.begin + 6, y=y + 10, class_="label"),
        ]
    return figure(
        "Quantization error by layer",
        bottom + 40,
        horizontal(axis, bottom, 4, "signal to noise against the float model, dB"),
        *bars,
        note="The worst first; below about 10 dB a layer hurts.",
    )


def _cause(layer: Mapping[str, Any]) -> str:
    # `edgevision verify` adds it; a plain list of errors has none.
    cause = layer.get("cause")
    return str(cause["label"]) if isinstance(cause, dict) and "label" in cause else ""
