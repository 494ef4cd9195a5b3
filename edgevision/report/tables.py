"""The parts of the report that are tables: the figures, the confusions, the flipped images."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgevision.report.markup import Markup, join, tag

Thumbnail = Callable[[str], bytes | None]
"""JPEG bytes for an image's id, or None when there is none."""

_COST = (
    *("model", "threads", "size MB", "zipped MB", "memory MB", "init ms", "first ms"),
    *("p50 ms", "p90", "p95", "p99", "ratio", "delegated"),
)


def costs(models: Sequence[Mapping[str, Any]], ratios: Sequence[Mapping[str, Any]]) -> Markup:
    """One row a model: what it costs in bytes and milliseconds."""
    by_name = {one["name"]: one for one in ratios}
    rows = []
    for model in models:
        latency, size = model["latency"], model["size"]
        division, memory = model.get("delegation"), model.get("memory") or {}
        ratio = by_name.get(model["name"])
        rows.append(
            (
                model["name"],
                str(model["num_threads"]),
                f"{size['file_bytes'] / 1e6:.2f}",
                f"{size['zipped_bytes'] / 1e6:.2f}",
                _megabytes(memory.get("model_bytes")),
                *(_number(latency[key]) for key in ("init_ms", "warmup_first_ms")),
                *(_number(latency[key]) for key in ("p50_ms", "p90_ms", "p95_ms", "p99_ms")),
                f"{ratio['ratio']:.3f}" if ratio else "1",
                f"{division['delegated']}/{division['operations']}" if division else "-",
            )
        )
    return table(_COST, rows)


def worths(models: Sequence[Mapping[str, Any]]) -> Markup:
    """One row a model that was asked about images: its task's figures, with 95 % intervals."""
    evaluated = [(model["name"], model["quality"]) for model in models if model.get("quality")]
    marks: dict[str, Mapping[str, Any]] = {}
    agreements: dict[str, Mapping[str, Any]] = {}
    for _, quality in evaluated:
        marks = {**(quality["evaluation"] or {}).get("metrics", {}), **marks}
        if quality["agreement"]:
            agreements.setdefault(*_headline(quality["agreement"]))
    pairs = [quality["paired"] for _, quality in evaluated if quality["paired"]]
    header = ["model", *map(_heading, marks.values())]
    if pairs:
        unit = next((one["unit"] for one in marks.values()), "share")
        unit = "points" if unit == "share" else unit
        header.append(f"drop, {unit}" if unit else "drop")
    header += map(_heading, agreements.values())
    if pairs:
        header.append("McNemar p")
    rows = []
    for name, quality in evaluated:
        own = (quality["evaluation"] or {}).get("metrics", {})
        agreed = (quality["agreement"] or {}).get("metrics", {})
        # What the others are compared with has no difference of its own.
        nothing = "base" if name == models[0]["name"] else "-"
        cells = [_figure(own.get(key)) for key in marks]
        if pairs:
            cells.append(_drop(quality) if quality["paired"] else nothing)
        cells += [_figure(agreed[key]) if key in agreed else nothing for key in agreements]
        if pairs:
            p_value = (quality["paired"] or {}).get("p_value")
            cells.append(nothing if p_value is None else f"{p_value:.2g}")
        rows.append((name, *cells))
    return table(header, rows) if rows else Markup("")


def _headline(document: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    return document["headline"], document["metrics"][document["headline"]]


def _heading(metric: Mapping[str, Any]) -> str:
    unit = {"share": " %", "": ""}.get(metric["unit"], f" {metric['unit']}")
    return f"{metric['short']}{unit}"


def _drop(quality: Mapping[str, Any]) -> str:
    metric = quality["evaluation"]["metrics"].get(quality["paired"]["metric"], {})
    return _figure({**quality["paired"]["drop"], "unit": metric.get("unit", "share")})


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A table, the first cell of each row as its heading."""
    head = tag("tr", *(tag("th", word) for word in header))
    body = [
        tag("tr", tag("th", first), *(tag("td", cell) for cell in rest)) for first, *rest in rows
    ]
    return tag("div", tag("table", head, *body), class_="wide")


def confusion(model: Mapping[str, Any], classes: Sequence[str]) -> Markup:
    """Truth against answers, each cell shaded by its share of the row; of tasks with classes."""
    evaluation = (model.get("quality") or {}).get("evaluation") or {}
    cells = evaluation.get("confusion")
    count = max(len(classes), *(1 + max(one["label"], one["answer"]) for one in cells or [_NONE]))
    if not cells or count > _MOST_CLASSES:
        return Markup("")
    counts = [[0] * count for _ in range(count)]
    for one in cells:
        counts[one["label"]][one["answer"]] = one["count"]
    names = [classes[i] if i < len(classes) else str(i) for i in range(count)]
    head = tag("tr", tag("th", "label / answer"), *(tag("th", tag("span", n)) for n in names))
    rows = [head]
    for name, row in zip(names, counts, strict=True):
        total = max(1, sum(row))
        shaded = [
            tag("td", str(count) if count else "", style=f"--v:{count / total:.3f}")
            for count in row
        ]
        rows.append(tag("tr", tag("th", name), *shaded))
    return join(
        tag("h3", f"{model['name']}: confusion"),
        tag("div", tag("table", *rows, class_="confusion"), class_="wide"),
    )


_NONE = {"label": -1, "answer": -1}
_MOST_CLASSES = 50
"""Of a confusion matrix; a wider one nobody reads."""


def flips(model: Mapping[str, Any], thumbnail: Thumbnail) -> Markup:
    """Images on which the model decides otherwise than the first one, the surest first."""
    quality = model.get("quality") or {}
    agreement = quality.get("agreement")
    if not agreement or not agreement["flips"]:
        return Markup("")
    cards = []
    for flip in agreement["flips"]:
        picture = thumbnail(flip["id"])
        encoded = base64.b64encode(picture).decode() if picture else ""
        image = (
            tag("img", src=f"data:image/jpeg;base64,{encoded}", alt=flip["id"])
            if picture
            else tag("div", flip["id"], class_="noimage")
        )
        truth = flip["truth"]
        cards.append(
            tag(
                "div",
                image,
                tag("div", f"is {truth}" if truth is not None else flip["id"]),
                _verdict(quality["base"], flip["reference"]),
                _verdict(model["name"], flip["ours"]),
                class_="card",
            )
        )
    return join(
        tag("h3", f"{model['name']}: images answered otherwise than by {quality['base']}"),
        tag("div", *cards, class_="gallery"),
    )


def _verdict(who: str, verdict: Mapping[str, Any]) -> Markup:
    text = f"{who}: {verdict['text']}"
    if verdict["score"] is None:
        return tag("div", text)
    share = max(0.0, min(1.0, verdict["score"]))
    bar = tag("i", style=f"width:{100 * share:.0f}%")
    return tag("div", text, tag("div", bar, class_="share"))


def _figure(metric: Mapping[str, Any] | None) -> str:
    """Shares in percent, with their interval: "87.1 (84.9 to 89.0)"."""
    if not metric or metric["value"] is None:
        return "-"
    scale, digits = (100, ".1f") if metric["unit"] == "share" else (1, ".4g")
    ends = [metric[key] for key in ("value", "low", "high")]
    value, low, high = (None if end is None else f"{scale * end:{digits}}" for end in ends)
    return f"{value}" if low is None or high is None else f"{value} ({low} to {high})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _megabytes(size: float | None) -> str:
    return "-" if size is None else f"{size / 1e6:.1f}"
