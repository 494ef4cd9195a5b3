"""Activation statistics of the float model: every activation's extremes, image by image."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import ImageSetError
from edgevision.progress import Progress, silent
from edgevision.quantize.correct.mean_inputs import patch_input, taps_of
from edgevision.runtime.session import Session
from edgevision.runtime.session_pool import SessionPool
from edgevision.tensors import FloatArray
from edgevision.tflite.extract import with_outputs
from edgevision.tflite.graph import Graph, Operator, OperatorId

MEAN_INPUT_IMAGES = 64
"""Images whose mean inputs are stored: biases are corrected on no more, and each costs as much
as a third of the model's run."""

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
    mean_inputs: dict[OperatorId, FloatArray]
    """Operator -> mean patch of its input in each of the first images,
    (at most `MEAN_INPUT_IMAGES`, taps..., channels); only of those asked for."""

    def of_images(self, chosen: NDArray[np.int64]) -> "Statistics":
        """The same statistics over some of the images."""

        def pick(table: dict[int, Any]) -> dict[int, Any]:
            return {key: values[chosen[chosen < len(values)]] for key, values in table.items()}

        return Statistics(
            count=len(chosen),
            low=pick(self.low),
            high=pick(self.high),
            channel_low=pick(self.channel_low),
            channel_high=pick(self.channel_high),
            mean_inputs=pick(self.mean_inputs),
        )


def observe(
    graph: Graph,
    feeds: Callable[[], Iterable[Feed]],
    *,
    watched: Sequence[int],
    by_channel: Sequence[int] = (),
    followed: Sequence[OperatorId] = (),
    total: int | None = None,
    progress: Progress = silent,
) -> Statistics:
    """Run the float `graph` on every feed and note each watched tensor's extremes.

    Of each image only the statistics are kept. The watched tensors become outputs of the model, so
    that the fast kernels run (three times as fast as keeping all tensors of the plain ones).

    Raises:
        ImageSetError: there is no image, or one makes a NaN or infinite activation.
    """
    order = list(dict.fromkeys(watched))
    # A runtime may list an output twice or refuse an input among them: inputs are read as fed.
    inputs = {t: at for at, t in enumerate(graph.inputs)}
    shown = [t for t in order if t not in inputs]
    layers = {one: _InputTaps(graph, graph.operator(one)) for one in followed}
    apart = set(by_channel)

    def observe_one(session: Session, numbered: tuple[int, Feed]) -> _Seen:
        number, feed = numbered
        for spec, value in zip(session.inputs, feed, strict=True):
            session.view(spec)[...] = value
        session.invoke()
        # In a function of its own: no view may be alive when the session runs again.
        specs = dict(zip(shown, session.outputs, strict=False))
        return _seen(
            {t: feed[inputs[t]] if t in inputs else session.view(specs[t]) for t in order},
            layers if number < MEAN_INPUT_IMAGES else {},
            apart,
        )

    images: list[_Seen] = []
    with SessionPool(with_outputs(graph, shown or graph.outputs)) as pool:
        for seen in pool.map(observe_one, enumerate(feeds())):
            _check_finite(graph, order, seen, len(images))
            images.append(seen)
            progress(len(images), total or len(images), "observing")
    if not images:
        message = "there are no calibration images"
        raise ImageSetError(message, hint="edgevision calibration build FOLDER")
    low = np.asarray([seen.low for seen in images], np.float32)
    high = np.asarray([seen.high for seen in images], np.float32)
    return Statistics(
        count=len(images),
        low={t: low[:, at] for at, t in enumerate(order)},
        high={t: high[:, at] for at, t in enumerate(order)},
        channel_low={t: np.stack([seen.channels[t][0] for seen in images]) for t in by_channel},
        channel_high={t: np.stack([seen.channels[t][1] for seen in images]) for t in by_channel},
        mean_inputs={
            one: np.stack([seen.mean_inputs[one] for seen in images[:MEAN_INPUT_IMAGES]])
            for one in layers
        },
    )


class _InputTaps:
    """What each weight tap of one operator reads of its input, on average."""

    def __init__(self, graph: Graph, op: Operator) -> None:
        self.op = op
        self.weights_shape = graph.tensors[self.op.inputs[1]].shape
        self.taps = taps_of(graph, self.op)

    def mean_input(self, values: NDArray[Any]) -> FloatArray:
        return self.taps.mean_patch(patch_input(self.op, values, self.weights_shape))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One image's part of the statistics."""

    low: list[float]
    """Of each watched tensor, in their order."""
    high: list[float]
    channels: dict[int, tuple[FloatArray, FloatArray]]
    """Tensor -> smallest and largest of each channel."""
    mean_inputs: dict[OperatorId, FloatArray]


def _seen(
    values: dict[int, NDArray[Any]], layers: dict[OperatorId, _InputTaps], apart: set[int]
) -> _Seen:
    """What there is to note of the watched tensors' `values`."""
    channels = {t: _channel_extremes(values[t]) for t in apart}
    # The smallest value is that of the smallest channel: no need to look at them all again.
    lows = [channels[t][0] if t in channels else value for t, value in values.items()]
    highs = [channels[t][1] if t in channels else value for t, value in values.items()]
    return _Seen(
        low=[float(value.min(initial=np.inf)) for value in lows],
        high=[float(value.max(initial=-np.inf)) for value in highs],
        channels=channels,
        mean_inputs={
            one: layer.mean_input(values[layer.op.inputs[0]]) for one, layer in layers.items()
        },
    )


def _channel_extremes(values: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
    # Row by row of the picture first: reductions over many short rows take five times as long.
    width, channels = values.shape[-2:] if values.ndim > 1 else (1, len(values))
    rows = values.reshape(-1, width * channels)
    low, high = rows.min(axis=0), rows.max(axis=0)
    return low.reshape(width, channels).min(axis=0), high.reshape(width, channels).max(axis=0)


def _check_finite(graph: Graph, order: list[int], seen: _Seen, image: int) -> None:
    # A minimum or maximum over values with a NaN among them is NaN.
    for t, bottom, top in zip(order, seen.low, seen.high, strict=True):
        if np.isfinite(bottom) and np.isfinite(top):
            continue
        if bottom == np.inf and top == -np.inf:
            continue
        kind = "NaN" if np.isnan(bottom) or np.isnan(top) else "infinite"
        message = f"calibration image {image + 1} makes a {kind} value in {graph.tensors[t].name!r}"
        raise ImageSetError(message, hint="leave that image out, or mend the model's weights")
