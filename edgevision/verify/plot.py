"""The error along the network as a picture."""

import io
import math
from pathlib import Path
from typing import Any

from edgevision.errors import MissingDependencyError, UsageError
from edgevision.files import write_bytes
from edgevision.verify.explain import Explanation, Layer

FORMATS = (".png", ".svg")
_CARRIED, _OWN, _MARK = "#1f5fa8", "#9aa3ad", "#c0392b"
_MOST_DB = 60.0
"""Beyond it nothing is to be seen: a layer without any error is drawn here."""


def check_plot(path: Path) -> None:
    """Refuse early what `plot` could not write.

    Raises:
        UsageError: the name ends in no format we write.
        MissingDependencyError: matplotlib is not installed.
    """
    if path.suffix.lower() not in FORMATS:
        message = f"{path.name} is neither {' nor '.join(FORMATS)}"
        raise UsageError(message, hint="--plot layers.png")
    _figure_class()


def plot(
    explanation: Explanation, path: Path, *, worst: int, title: str, overwrite: bool = False
) -> None:
    """Draw the SQNR of every layer, with the `worst` ones numbered and named.

    Raises:
        UsageError: as for `check_plot`, or the file exists.
        MissingDependencyError: matplotlib is not installed.
    """
    check_plot(path)
    marked = explanation.worst(worst)
    figure = _figure_class()(figsize=(11, 5.2 + 0.24 * len(marked)), layout="constrained")
    upper, lower = figure.subplots(2, height_ratios=(5, 0.4 + 0.28 * len(marked)))
    _draw_errors(upper, explanation, marked)
    upper.set_title(title, loc="left", fontsize=11)
    _write_legend(lower, marked)
    picture = io.BytesIO()
    figure.savefig(picture, format=path.suffix.lower()[1:], dpi=130)
    write_bytes(path, picture.getvalue(), overwrite=overwrite)


def _draw_errors(axes: Any, explanation: Explanation, marked: tuple[Layer, ...]) -> None:
    layers = explanation.layers
    at = range(len(layers))
    carried = [_shown(layer.error.sqnr_db) for layer in layers]
    own = [_shown(layer.error.own_sqnr_db) for layer in layers]
    axes.plot(at, own, ".", color=_OWN, label="own: what the layer itself adds")
    axes.plot(
        at, carried, "-", color=_CARRIED, linewidth=1.6, label="carried: what has gathered so far"
    )
    place = {id(layer): index for index, layer in enumerate(layers)}
    for number, layer in enumerate(marked, start=1):
        x = place[id(layer)]
        axes.plot([x, x], [carried[x], own[x]], color=_MARK, linewidth=0.8, alpha=0.6)
        axes.plot(x, own[x], "o", color=_MARK, markersize=5)
        axes.annotate(
            str(number),
            (x, own[x]),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            color=_MARK,
            fontsize=9,
            fontweight="bold",
        )
    stride = max(1, math.ceil(len(layers) / 24))
    ticks = list(at)[::stride]
    axes.set_xticks(ticks, [_short(layers[i].error.pair.layer, 18) for i in ticks])
    axes.tick_params(axis="x", labelrotation=60, labelsize=7)
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("right")
        label.set_rotation_mode("anchor")
    axes.set_ylabel("SQNR in dB (higher is better)")
    axes.set_ylim(top=min(_MOST_DB, max((*carried, *own), default=0)) + 5)
    axes.grid(axis="y", color="#e3e6e9", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="best", fontsize=8, frameon=False)


def _write_legend(axes: Any, marked: tuple[Layer, ...]) -> None:
    axes.axis("off")
    axes.set_ylim(len(marked), 0)
    axes.set_xlim(0, 1)
    for row, layer in enumerate(marked):
        name = _short(layer.error.pair.layer, 34)
        axes.text(0, row + 0.5, str(row + 1), color=_MARK, fontweight="bold", fontsize=9)
        axes.text(0.025, row + 0.5, name, fontsize=8.5)
        axes.text(0.29, row + 0.5, layer.cause.label, fontsize=8.5, fontweight="bold")
        axes.text(0.41, row + 0.5, _short(layer.cause.detail, 112), fontsize=7.5, color="#444444")


def _figure_class() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        message = "--plot needs matplotlib"
        raise MissingDependencyError(message, hint="pip install 'edgevision[report]'") from error
    return Figure


def _shown(decibels: float) -> float:
    return max(-20.0, min(_MOST_DB, decibels))


def _short(text: str, most: int) -> str:
    # A dollar sign would begin a formula in matplotlib's text.
    text = text.replace("$", r"\$")
    return text if len(text) <= most else f"{text[: most - 3]}..."
