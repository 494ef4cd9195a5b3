"""How large the input of a Keras model is."""

from typing import Any

from edgevision.convert.loaded import InputSpec, fixed_shape, shape_hint
from edgevision.errors import UsageError


def input_specs(
    model: Any, input_shape: tuple[int, int, int] | None
) -> tuple[tuple[InputSpec, ...], Any]:
    """The inputs, and the structure the model expects them in (None for a bare tensor).

    Args:
        model: a Keras model of either library.
        input_shape: (height, width, channels) for sides that the model leaves open.

    Raises:
        UsageError: a side stays open, or `input_shape` contradicts the model.
    """
    tensors = getattr(model, "inputs", None)
    if tensors:
        names = getattr(model, "input_names", None) or [tensor.name for tensor in tensors]
        specs = tuple(
            InputSpec(
                name=str(name).partition(":")[0],
                shape=fixed_shape(str(name), tuple(tensor.shape), input_shape),
                dtype=_dtype_name(tensor.dtype),
            )
            for name, tensor in zip(names, tensors, strict=True)
        )
        # A Sequential has `inputs` and no `input`, until it is called.
        return specs, getattr(model, "input", None)
    shape = _recorded_shape(model)
    if shape is None and input_shape is None:
        message = "the model does not say how large its input is"
        raise UsageError(message, hint=shape_hint())
    if shape is None or len(shape) != 4:
        shape = (None, None, None, None)
    fixed = fixed_shape("input", shape, input_shape)
    return (InputSpec(name="input", shape=fixed, dtype="float32"),), None


def _recorded_shape(model: Any) -> tuple[int | None, ...] | None:
    """The input's shape that a subclassed model was built with, if it remembers one."""
    get = getattr(model, "get_build_config", None)
    recorded = get() if get else None
    shape = (recorded or {}).get("input_shape")
    if isinstance(shape, list | tuple) and all(side is None or int(side) > 0 for side in shape):
        return tuple(shape)
    return None


def _dtype_name(dtype: Any) -> str:
    return str(getattr(dtype, "name", dtype))
