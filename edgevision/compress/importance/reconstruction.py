"""Least-squares reconstruction: what is left makes up for what was removed, without training.

Each convolution and Dense layer that reads fewer channels gets the weights that, from what it
now reads, come closest to what the original layer put out. Layers are done in the model's order,
so that each makes up for the errors of those before it too. A few hundred images without labels
are enough, and fine-tuning starts from a network that works.

Source: He et al. 2017, "Channel Pruning for Accelerating Very Deep Neural Networks", section 3.2,
https://arxiv.org/abs/1707.06168
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channel_graph import ChannelGraph
from edgevision.compress.graph.trace import Call, SymbolicTensor, Trace, trace
from edgevision.compress.rules.rule import is_plain, kind
from edgevision.progress import Progress, silent
from edgevision.tensors import FloatArray

_SOLVED = "Conv1D Conv2D Conv3D Dense"

_PIXELS = 4_000_000
"""In all images together: every layer's outputs for all of them are held in memory."""

_MOST_IMAGES = 512

_ROWS = 20_000
"""Positions that a layer is fitted on: several for each of its inputs (1152 for 3x3x128)."""

MOST_GRAM_BYTES = 256 << 20
"""Largest Gram matrix (inputs x inputs, float64) that is made; solving takes three of its size.

It is what 5,792 inputs take. The widest convolutions of VGG and ResNet have 4,608; a Dense layer
behind Flatten may have 82,944, which would be 55 GB."""

_RIDGE, _RIDGE_WHEN_FEW = 1e-3, 0.1
"""Added to each input's mean square, as a share of it: the first always, to keep dead channels
from large weights; the second as far as there are fewer rows than inputs. A CIFAR-10 network whose
Dense layer has 2560 inputs, refitted on 2048 images: 64 % right with 0.1, 51 % with 0.001."""


def reconstruct(
    graph: ChannelGraph,
    mask: NDArray[np.bool_],
    smaller: Any,
    images: FloatArray,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[str, ...]:
    """Refit the weights of `smaller` in place to the outputs of the model of `graph`.

    Args:
        graph: Of the original model.
        mask: Of the channels in `smaller`, which `removal.remove` made.
        smaller: What it made.
        images: (n, ...) inputs of the model; held in memory at every layer, so a few hundred.
        seed: Chooses the positions that are fitted on.
        progress: Told of layers.

    Returns:
        A sentence for each layer that reads too many numbers and keeps its weights as cut.
    """
    random = np.random.default_rng(seed)
    old, new = graph.trace, trace(smaller)
    # Removal makes every call again, in the same order.
    pairs = list(zip(old.calls, new.calls, strict=True))
    last_use = _last_uses(old), _last_uses(new)
    values: tuple[dict[SymbolicTensor, Any], dict[SymbolicTensor, Any]] = (
        {old.input_symbols[0]: images},
        {new.input_symbols[0]: images},
    )
    done: set[int] = set()
    skipped: list[str] = []
    for place, (was, now) in enumerate(pairs):
        wanted = _applied(was, values[0])
        if _is_solvable(now) and id(now.operation) not in done:
            done.add(id(now.operation))
            if is_too_wide(now.operation):
                skipped.append(_not_refitted(now.operation))
            else:
                out = graph.tensor_channels.get(was.outputs[0])
                target = np.asarray(_before_activation(was, values[0]))
                if out is not None:
                    target = target[..., graph.mask_at(out.ids, mask)]
                _solve(now, np.asarray(values[1][now.inputs[0]]), target, random)
        for side, call, results in ((0, was, wanted), (1, now, _applied(now, values[1]))):
            values[side].update(zip(call.outputs, results, strict=True))
            for symbol in call.inputs:
                if last_use[side][symbol] == place:
                    values[side].pop(symbol, None)
        progress(place + 1, len(pairs), "refitting layers")
    return tuple(skipped)


def images_for(height: int, width: int) -> int:
    """How many images of this size to reconstruct on."""
    return min(_MOST_IMAGES, max(16, _PIXELS // (height * width)))


def is_too_wide(layer: Any) -> bool:
    """Whether the normal equations of a layer with this kernel might fill the memory."""
    return _reads(layer) ** 2 * np.dtype(np.float64).itemsize > MOST_GRAM_BYTES


def _reads(layer: Any) -> int:
    return int(np.prod(layer.kernel.shape[:-1]))


def _not_refitted(layer: Any) -> str:
    reads = _reads(layer)
    needed = reads**2 * np.dtype(np.float64).itemsize
    return (
        f"{layer.name} reads {reads} numbers and was not refitted, which would take"
        f" {needed / 1e9:.1f} GB: fine-tune the model with --train"
    )


def _last_uses(traced: Trace) -> dict[SymbolicTensor, int]:
    return {symbol: place for place, call in enumerate(traced.calls) for symbol in call.inputs}


def _is_solvable(call: Call) -> bool:
    layer = call.operation
    known = kind(layer) in {f"layers.{name}" for name in _SOLVED.split()}
    if not known or not is_plain(layer) or len(call.inputs) != 1:
        return False
    last = getattr(layer, "data_format", "channels_last") == "channels_last"
    return last and getattr(layer, "groups", 1) == 1


def _applied(call: Call, values: dict[SymbolicTensor, Any]) -> list[Any]:
    args, kwargs = keras.tree.map_structure(
        lambda leaf: values[leaf] if isinstance(leaf, SymbolicTensor) else leaf,
        (call.args, call.kwargs),
    )
    return list(keras.tree.flatten(call.operation(*args, **kwargs)))


def _before_activation(call: Call, values: dict[SymbolicTensor, Any]) -> Any:
    layer = call.operation
    activation, layer.activation = layer.activation, None
    try:
        return _applied(call, values)[0]
    finally:
        layer.activation = activation


def _solve(
    call: Call, inputs: NDArray[Any], target: NDArray[Any], random: np.random.Generator
) -> None:
    """Set kernel and bias of the layer so that they map `inputs` to `target` as well as can be."""
    layer = call.operation
    rows = target.reshape(-1, target.shape[-1]).astype(np.float64)
    chosen, patches = _patches(layer, inputs, target.shape, random)
    wanted = rows[chosen]
    if layer.bias is None:
        x_mean, y_mean = np.zeros(patches.shape[1]), np.zeros(wanted.shape[1])
    else:
        x_mean, y_mean = patches.mean(0), wanted.mean(0)
    x, y = patches - x_mean, wanted - y_mean
    # Towards the weights as they are rather than towards zero: they are a good guess.
    start = np.asarray(layer.kernel, np.float64).reshape(-1, y.shape[1])
    squares = x.T @ x
    share = _RIDGE + _RIDGE_WHEN_FEW * min(1.0, len(squares) / len(x))
    ridge = share * max(float(np.trace(squares)) / len(squares), 1e-12)
    change = np.linalg.solve(squares + ridge * np.eye(len(squares)), x.T @ (y - x @ start))
    kernel = start + change
    layer.kernel.assign(kernel.reshape(layer.kernel.shape))
    if layer.bias is not None:
        layer.bias.assign(y_mean - x_mean @ kernel)


def _patches(
    layer: Any, inputs: NDArray[Any], out_shape: tuple[int, ...], random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Chosen positions of the output, and all that the kernel reads for each: (rows, inputs)."""
    count = int(np.prod(out_shape[:-1]))
    chosen = np.sort(random.permutation(count)[:_ROWS])
    where = np.unravel_index(chosen, out_shape[:-1])
    if kind(layer) == "layers.Dense":
        return chosen, inputs[where].astype(np.float64)
    spatial = len(layer.kernel_size)
    padded = _padded(layer, inputs, out_shape, spatial)
    pieces = []
    for offset in np.ndindex(*layer.kernel_size):
        at = tuple(
            where[1 + axis] * layer.strides[axis] + offset[axis] * layer.dilation_rate[axis]
            for axis in range(spatial)
        )
        pieces.append(padded[(where[0], *at)])
    # In the kernel's own order: position by position, channels innermost.
    return chosen, np.concatenate(pieces, axis=1).astype(np.float64)


def _padded(
    layer: Any, inputs: NDArray[Any], out_shape: tuple[int, ...], spatial: int
) -> NDArray[Any]:
    if layer.padding == "valid":
        return inputs
    margins = [(0, 0)]
    for axis in range(spatial):
        reach = (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1
        needed = (out_shape[1 + axis] - 1) * layer.strides[axis] + reach
        missing = max(0, needed - inputs.shape[1 + axis])
        before = reach - 1 if layer.padding == "causal" else missing // 2
        margins.append((before, missing - before))
    return np.pad(inputs, [*margins, (0, 0)])
