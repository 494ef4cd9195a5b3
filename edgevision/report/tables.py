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
_WORTH = ("model", "top-1 %", "top-5 %", "F1 %", "drop, points", "agreement %", "McNemar p")


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
    """One row a model that was evaluated: how right it is, with 95 % intervals."""
    rows = []
    for model in models:
        accuracy = model.get("accuracy")
        if accuracy:
            change = accuracy["change"] or {}
            p_value = change.get("p_value")
            rows.append(
                (
                    model["name"],
                    *(_percent(accuracy[key]) for key in ("top1", "top5", "macro_f1")),
                    *(_percent(change.get(key)) for key in ("drop", "agreement")),
                    "-" if p_value is None else f"{p_value:.2g}",
                )
            )
    return table(_WORTH, rows) if rows else Markup("")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A table, the first cell of each row as its heading."""
    head = tag("tr", *(tag("th", word) for word in header))
    body = [
        tag("tr", tag("th", first), *(tag("td", cell) for cell in rest)) for first, *rest in rows
    ]
    return tag("div", tag("table", head, *body), class_="wide")


def confusion(model: Mapping[str, Any], classes: Sequence[str]) -> Markup:
    """Labels against answers, each cell shaded by its share of the row."""
    counts = (model.get("accuracy") or {}).get("confusion")
    if not counts:
        return Markup("")
    names = [classes[i] if i < len(classes) else str(i) for i in range(len(counts))]
    head = tag("tr", tag("th", "label / answer"), *(tag("th", tag("span", n)) for n in names))
    rows = [head]
    for name, row in zip(names, counts, strict=True):
        total = max(1, sum(row))
        cells = [
            tag("td", str(count) if count else "", style=f"--v:{count / total:.3f}")
            for count in row
        ]
        rows.append(tag("tr", tag("th", name), *cells))
    return join(
        tag("h3", f"{model['name']}: confusion"),
        tag("div", tag("table", *rows, class_="confusion"), class_="wide"),
    )


def flips(model: Mapping[str, Any], classes: Sequence[str], thumbnail: Thumbnail) -> Markup:
    """Images on which the model answers otherwise than the first one, the surest first."""
    change = (model.get("accuracy") or {}).get("change")
    if not change or not change["flips"]:
        return Markup("")

    def name(label: int) -> str:
        return classes[label] if 0 <= label < len(classes) else f"class {label}"

    cards = []
    for flip in change["flips"]:
        picture = thumbnail(flip["id"])
        encoded = base64.b64encode(picture).decode() if picture else ""
        image = (
            tag("img", src=f"data:image/jpeg;base64,{encoded}", alt=flip["id"])
            if picture
            else tag("div", flip["id"], class_="noimage")
        )
        label = flip["label"]
        cards.append(
            tag(
                "div",
                image,
                tag("div", f"is {name(label)}" if label is not None else flip["id"]),
                _answer(change["base"], name(flip["answer_before"]), flip["probability_before"]),
                _answer(model["name"], name(flip["answer"]), flip["probability"]),
                class_="card",
            )
        )
    return join(
        tag("h3", f"{model['name']}: images answered otherwise than by {change['base']}"),
        tag("div", *cards, class_="gallery"),
    )


def _answer(who: str, what: str, probability: float | None) -> Markup:
    if probability is None:
        return tag("div", f"{who}: not a number")
    bar = tag("i", style=f"width:{100 * probability:.0f}%")
    return tag("div", f"{who}: {what} {probability:.0%}", tag("div", bar, class_="share"))


def _percent(estimate: Mapping[str, float] | None) -> str:
    if not estimate:
        return "-"
    value, low, high = (100 * estimate[key] for key in ("value", "low", "high"))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _megabytes(size: float | None) -> str:
    return "-" if size is None else f"{size / 1e6:.1f}"
