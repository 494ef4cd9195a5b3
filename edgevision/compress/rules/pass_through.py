"""Rules of operations that leave channels where they are: activations, pooling, padding, resizing.

They have no weights. What they do to one channel does not depend on the others, and the channel
axis stays the last (or, in `channels_first` models, the second).
"""

from collections.abc import Sequence
from typing import Any

from edgevision.compress.graph.channels import Channels, CountRemaining, GraphBuilder
from edgevision.compress.graph.trace import Call
from edgevision.compress.rules.rule import (
    Carried,
    Rule,
    channel_axis,
    stop,
    unknown,
    works_per_number,
)


def per_number(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    """Rule for what looks at each number alone."""
    if len(inputs) != 1 or call.outputs[0].shape != call.inputs[0].shape:
        return unknown(builder, call, inputs)
    return inputs


def _dropout(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    """A smaller network has less to spare, so the rate falls with the number of channels.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3.2,
    https://arxiv.org/abs/1506.02626
    """
    [source] = inputs
    if source is not None:
        ids = source.ids

        def change(config: dict[str, Any], remaining: CountRemaining) -> None:
            config["rate"] *= remaining(ids) / len(ids)

        builder.resize(call.operation, change)
    return inputs


def _activation(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    activation = call.operation.activation
    [source] = inputs
    if works_per_number(activation) or source is None:
        return inputs
    name = getattr(activation, "__name__", type(activation).__name__)
    return stop(builder, call, inputs, f"the activation {name} of {call.name} mixes the channels")


def _softmax(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    return _unless_over_channels(builder, call, inputs, call.operation.axis, keeps_axes=True)


def _reduction(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    operation = call.operation
    keeps = bool(getattr(operation, "keepdims", False))
    return _unless_over_channels(builder, call, inputs, operation.axis, keeps_axes=keeps)


def _unless_over_channels(
    builder: GraphBuilder, call: Call, inputs: Sequence[Carried], axis: Any, *, keeps_axes: bool
) -> Sequence[Carried]:
    [source] = inputs
    if source is None:
        return [None]
    rank = len(call.inputs[0].shape)
    given = range(rank) if axis is None else axis if isinstance(axis, list | tuple) else [axis]
    axes = {int(a) % rank for a in given}
    if source.axis in axes or 0 in axes:
        what = type(call.operation).__name__
        return stop(builder, call, inputs, f"{call.name} ({what}) mixes the channels")
    gone = 0 if keeps_axes else sum(a < source.axis for a in axes)
    return [Channels(axis=source.axis - gone, ids=source.ids)]


def _spatial(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    [source] = inputs
    if source is None:
        return [None]
    if source.axis != channel_axis(call):
        return unknown(builder, call, inputs)
    rank = len(call.outputs[0].shape)
    axis = 1 if source.axis == 1 else rank - 1
    return [Channels(axis=axis, ids=source.ids)]


def _all_steps(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    """One-dimensional padding and cropping, which know no `data_format` but channels last."""
    [source] = inputs
    if source is not None and source.axis != 2:
        return unknown(builder, call, inputs)
    return inputs


_LAYERS_PER_NUMBER = """
    ReLU LeakyReLU ELU Identity GaussianNoise ActivityRegularization
"""

_DROPOUTS = """
    Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianDropout AlphaDropout
"""

_OPS_PER_NUMBER = """
    Abs Absolute Cast Ceil Celu Clip Copy Elu Exp Expm1 Floor Gelu HardShrink HardSigmoid HardSilu
    HardTanh Identity LeakyRelu Log Log1p LogSigmoid Negative Reciprocal Relu Relu6 Round Rsqrt Selu
    Sigmoid Sign Silu SoftShrink Softplus Softsign SparsePlus SparseSigmoid Sqrt Square Squareplus
    StopGradient Tanh TanhShrink Threshold
"""

_SPATIAL = """
    MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    AdaptiveMaxPooling2D AdaptiveAveragePooling2D
    UpSampling2D UpSampling3D ZeroPadding2D ZeroPadding3D Cropping2D Cropping3D Resizing CenterCrop
"""

PASS: dict[str, Rule] = {
    "layers.Activation": _activation,
    "layers.Softmax": _softmax,
    "ops.Softmax": _softmax,
    "ops.LogSoftmax": _softmax,
    "applications.StochasticDepth": per_number,
    **{f"layers.{name}": per_number for name in _LAYERS_PER_NUMBER.split()},
    **{f"layers.{name}": _dropout for name in _DROPOUTS.split()},
    **{f"ops.{name}": per_number for name in _OPS_PER_NUMBER.split()},
    **{f"layers.{name}": _spatial for name in _SPATIAL.split()},
    **{f"layers.{name}": _all_steps for name in ("ZeroPadding1D", "Cropping1D", "UpSampling1D")},
    **{f"ops.{name}": _reduction for name in ("Mean", "Sum", "Max", "Min")},
}
