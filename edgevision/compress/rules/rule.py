"""Dependency rules of operations: how they couple channels; `channel_graph` walks with them.

A rule gets the channels of the call's inputs, tells the graph builder what follows (which weights
they index, which are coupled and go together, which may not go) and returns the channels
of the outputs. `None` stands for a tensor with nothing in it that could be removed: an image, or
what comes out of an operation we do not know.

Rules are looked up by Keras's own class names. A class from elsewhere is unknown, even when it
derives from a Keras layer: its `call` may do anything.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from edgevision.compress.graph.channels import ChannelIds, Channels, GraphBuilder
from edgevision.compress.graph.trace import Call

Carried: TypeAlias = Channels | None
"""The channels that a tensor carries; None when nothing in it can be removed."""
Rule: TypeAlias = Callable[[GraphBuilder, Call, Sequence[Carried]], Sequence[Carried]]

# Activations that look at one number at a time, by the names Keras serializes them under.
_PER_NUMBER = """
    celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu
    linear log_sigmoid mish relu relu6 selu sigmoid silu soft_shrink softplus softsign sparse_plus
    sparse_sigmoid squareplus swish tanh tanh_shrink threshold
"""


def kind(operation: Any) -> str | None:
    """Name for an operation that comes with Keras, such as "layers.Conv2D"; None for others.

    "layers" are layers, "ops" functions of `keras.ops`, "applications" the few layers that
    belong to one of the ready-made models.
    """
    where = type(operation).__module__.split(".")
    if where[:2] == ["keras", "src"] and where[2] in {"layers", "ops", "applications"}:
        return f"{where[2]}.{type(operation).__name__}"
    return None


def unknown(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> list[Carried]:
    """Rule for whatever has none: all that goes in stays, nothing is known of what comes out."""
    what = type(call.operation).__name__
    return stop(builder, call, inputs, f"feeds {call.name} ({what}), which is not known here")


def stop(
    builder: GraphBuilder, call: Call, inputs: Sequence[Carried], reason: str
) -> list[Carried]:
    """Pin all inputs for `reason`; the outputs carry nothing removable."""
    for carried in inputs:
        if carried is not None:
            builder.pin(carried.ids, reason)
    return [None] * len(call.outputs)


def channel_axis(call: Call) -> int:
    """The axis of the first input that the layer's `data_format` says counts channels."""
    first = getattr(call.operation, "data_format", None) == "channels_first"
    return 1 if first else len(call.inputs[0].shape) - 1


def is_plain(layer: Any) -> bool:
    """Whether the layer's weights are the ones it was built with, not quantized, no LoRA."""
    return not getattr(layer, "quantization_mode", None) and not getattr(
        layer, "lora_enabled", False
    )


def works_per_number(activation: Any) -> bool:
    """Whether `activation` looks at each number alone (softmax, for one, does not)."""
    module = str(getattr(activation, "__module__", ""))
    name = getattr(activation, "__name__", "")
    return activation is None or (
        module.startswith("keras.src.activations") and name in _PER_NUMBER.split()
    )


def after_activation(
    builder: GraphBuilder, call: Call, ids: ChannelIds, axis: int
) -> list[Carried]:
    """Channels of a layer's output, pinned when its activation mixes them."""
    activation = getattr(call.operation, "activation", None)
    if not works_per_number(activation):
        name = getattr(activation, "__name__", type(activation).__name__)
        builder.pin(ids, f"the activation {name} of {call.name} mixes the channels")
    return [Channels(axis=axis, ids=ids)]
