"""The error along the network as a picture."""

import io
import math
from pathlib import Path
from typing import Any

from edgevision.errors import MissingDependencyError, UsageError
from edgevision.files import write_bytes
from edgevision.verify.explain import Explanation, Layer

FORMATS = (".png", ".svg")
_CARRIED, _OWN, _ALONE, _MARK = "#1f5fa8", "#a8b0b8", "#e59a2f", "#c0392b"
_MOST_DB = 70.0
"""Beyond it nothing is to be seen."""


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
    alone = [_shown(layer.answer_db) for layer in layers]
    axes.plot(at, own, ".", color=_OWN, label="own: of its output, against the same in float")
    axes.plot(
        at,
        alone,
        ".",
        color=_ALONE,
        label="alone: the answer's loss, were it alone quantized; the lowest are numbered",
    )
    axes.plot(
        at, carried, "-", color=_CARRIED, linewidth=1.6, label="carried: of its output, all errors"
    )
    place = {id(layer): index for index, layer in enumerate(layers)}
    for number, layer in enumerate(marked, start=1):
        x = place[id(layer)]
        axes.plot(x, alone[x], "o", color=_MARK, markersize=5)
        axes.annotate(
            str(number),
            (x, alone[x]),
            xytext=(0, -14),
            textcoords="offset points",
            ha="center",
            color=_MARK,
            fontsize=9,
            fontweight="bold",
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none"},
        )
    stride = max(1, math.ceil(len(layers) / 24))
    ticks = list(at)[::stride]
    axes.set_xticks(ticks, [_short(layers[i].error.pair.layer, 22) for i in ticks])
    axes.tick_params(axis="x", labelrotation=60, labelsize=7)
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("right")
        label.set_rotation_mode("anchor")
    axes.set_ylabel("SQNR in dB (higher is better)")
    # Room at the top for what the marks mean.
    axes.set_ylim(top=max((one for one in (*carried, *own) if one == one), default=0) + 18)  # noqa: PLR0124
    axes.grid(axis="y", color="#e3e6e9", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="upper right", fontsize=8, frameon=False)


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
    """`decibels` within what is drawn; NaN, which leaves a gap, for a layer without any error."""
    return max(-20.0, min(_MOST_DB, decibels)) if decibels < math.inf else math.nan


def _short(text: str, most: int) -> str:
    # A dollar sign would begin a formula in matplotlib's text.
    text = text.replace("$", r"\$")
    return text if len(text) <= most else f"{text[: most - 3]}..."
