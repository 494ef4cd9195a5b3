"""Watching the float model at work: what every activation was, image by image."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import ImageSetError
from edgevision.progress import Progress, silent
from edgevision.quantize.graph import Graph
from edgevision.quantize.graph_writer import file_with_outputs
from edgevision.quantize.patches import patch_input, taps_of
from edgevision.runtime.session import Session, usable_cpus
from edgevision.tensors import FloatArray

Feed = tuple[NDArray[Any], ...]
"""One array for each input of the float model, with its batch axis of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Of each watched tensor, over the calibration images."""

    count: int
    """Images seen."""
    low: dict[int, NDArray[np.float32]]
    """Tensor -> smallest value in each image, (images,)."""
    high: dict[int, NDArray[np.float32]]
    """Tensor -> largest value in each image, (images,)."""
    channel_low: dict[int, FloatArray]
    """Tensor -> smallest value of each channel in each image, (images, channels); only of those
    asked for."""
    channel_high: dict[int, FloatArray]
    """Likewise the largest."""
    patches: dict[int, FloatArray]
    """Operator -> mean patch of its input in each image, (images, taps..., channels); only of
    those asked for."""

    def of_images(self, chosen: NDArray[np.int64]) -> "Statistics":
        """The same statistics over some of the images."""

        def pick(table: dict[int, Any]) -> dict[int, Any]:
            return {key: values[chosen] for key, values in table.items()}

        return Statistics(
            count=len(chosen),
            low=pick(self.low),
            high=pick(self.high),
            channel_low=pick(self.channel_low),
            channel_high=pick(self.channel_high),
            patches=pick(self.patches),
        )


def observe(
    graph: Graph,
    feeds: Callable[[], Iterable[Feed]],
    *,
    watched: Sequence[int],
    by_channel: Sequence[int] = (),
    followed: Sequence[int] = (),
    total: int | None = None,
    progress: Progress = silent,
) -> Statistics:
    """Run the float `graph` on every feed and note each watched tensor's extremes.

    One image is held at a time. The watched tensors become outputs of the model, so that the fast
    kernels run (three times as fast as keeping all tensors of the plain ones).

    Raises:
        ImageSetError: there is no image, or one makes a NaN or infinite activation.
    """
    order = list(dict.fromkeys(watched))
    # A runtime may list an output twice or refuse an input among them: inputs are read as fed.
    inputs = {t: at for at, t in enumerate(graph.inputs)}
    shown = [t for t in order if t not in inputs]
    layers = {at: _Layer(graph, at) for at in followed}
    lows: list[list[float]] = []
    highs: list[list[float]] = []
    channels = _Channels(by_channel)
    content = file_with_outputs(graph, shown or graph.outputs)
    with Session(content, threads=min(2, usable_cpus())) as session:
        specs = dict(zip(shown, session.outputs, strict=False))
        for count, feed in enumerate(feeds()):
            for spec, value in zip(session.inputs, feed, strict=True):
                session.view(spec)[...] = value
            session.invoke()
            # In a function of its own: no view may be alive when the session runs again.
            low, high = _note(
                {t: feed[inputs[t]] if t in inputs else session.view(specs[t]) for t in order},
                layers,
                channels,
            )
            _check_finite(graph, order, low, high, count)
            lows.append(low)
            highs.append(high)
            progress(count + 1, total or count + 1, "observing")
    if not lows:
        message = "there are no calibration images"
        raise ImageSetError(message, hint="edgevision calibration build FOLDER")
    low_table, high_table = np.asarray(lows, np.float32), np.asarray(highs, np.float32)
    return Statistics(
        count=len(lows),
        low={t: low_table[:, at] for at, t in enumerate(order)},
        high={t: high_table[:, at] for at, t in enumerate(order)},
        channel_low={t: np.stack(rows) for t, rows in channels.low.items()},
        channel_high={t: np.stack(rows) for t, rows in channels.high.items()},
        patches={at: np.stack(layer.patches) for at, layer in layers.items()},
    )


class _Layer:
    """Collects the mean patches of one operator's input."""

    def __init__(self, graph: Graph, at: int) -> None:
        self.op = graph.operators[at]
        self.weights_shape = graph.tensors[self.op.inputs[1]].shape
        self.taps = taps_of(graph, self.op)
        self.patches: list[FloatArray] = []

    def note(self, values: NDArray[Any]) -> None:
        self.patches.append(self.taps.mean_patch(patch_input(self.op, values, self.weights_shape)))


class _Channels:
    """Collects the extremes of each channel of some tensors."""

    def __init__(self, tensors: Sequence[int]) -> None:
        self.low: dict[int, list[FloatArray]] = {t: [] for t in tensors}
        self.high: dict[int, list[FloatArray]] = {t: [] for t in tensors}

    def note(self, values: dict[int, NDArray[Any]]) -> None:
        for t in self.low:
            rows = values[t].reshape(-1, values[t].shape[-1])
            self.low[t].append(rows.min(axis=0))
            self.high[t].append(rows.max(axis=0))


def _note(
    values: dict[int, NDArray[Any]], layers: dict[int, _Layer], channels: _Channels
) -> tuple[list[float], list[float]]:
    """Smallest and largest of each tensor; adds to `layers` and `channels` what they see."""
    channels.note(values)
    for layer in layers.values():
        layer.note(values[layer.op.inputs[0]])
    low = [float(value.min(initial=np.inf)) for value in values.values()]
    high = [float(value.max(initial=-np.inf)) for value in values.values()]
    return low, high


def _check_finite(
    graph: Graph, order: list[int], low: list[float], high: list[float], image: int
) -> None:
    # A minimum or maximum over values with a NaN among them is NaN.
    for t, bottom, top in zip(order, low, high, strict=True):
        if np.isfinite(bottom) and np.isfinite(top):
            continue
        if bottom == np.inf and top == -np.inf:
            continue
        kind = "NaN" if np.isnan(bottom) or np.isnan(top) else "infinite"
        message = f"calibration image {image + 1} makes a {kind} value in {graph.tensors[t].name!r}"
        raise ImageSetError(message, hint="leave that image out, or mend the model's weights")
