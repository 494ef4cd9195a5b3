"""The course of the error along the network, as a picture."""

from pathlib import Path

from edgevision.errors import MissingDependencyError
from edgevision.files import replacing
from edgevision.verify.explain import Explanation


def plot_layers(found: Explanation, path: Path, *, overwrite: bool = False) -> None:
    """Write a plot of every layer's SQNR to `path` (its ending says the format).

    Raises:
        MissingDependencyError: matplotlib is not installed.
        UsageError: the file exists and `overwrite` is False.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        message = "plots need matplotlib"
        raise MissingDependencyError(message, hint="pip install 'edgevision[report]'") from error
    figure = Figure(figsize=(max(6, len(found.layers) * 0.14), 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([layer.sqnr_db for layer in found.layers], marker=".", color="#336699")
    for at in found.worst:
        layer = found.layers[at]
        axes.plot(at, layer.sqnr_db, "o", color="#cc3333")
        axes.annotate(
            found.names[at] or layer.operator, (at, layer.sqnr_db), rotation=60, fontsize=7
        )
    axes.set_xlabel("operation")
    axes.set_ylabel("SQNR against float, dB")
    axes.grid(visible=True, alpha=0.3)
    with replacing(path, overwrite=overwrite) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip(".") or "png")
