"""Loading a SavedModel folder: the `serving_default` signature, no Keras involved."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgevision.convert.loaded import InputSpec, Loaded, fixed_shape
from edgevision.convert.saved_graph import refuse_reaching_out
from edgevision.errors import ModelError

_SIGNATURE = "serving_default"


def load_saved_model(path: Path, *, input_shape: tuple[int, int, int] | None) -> Loaded:
    """Load the folder `path`.

    Raises:
        ModelError: it is damaged, has no serving signature, or reaches out of itself.
        UsageError: the input's shape is open or contradicts `input_shape`.
    """
    import tensorflow as tf

    refuse_reaching_out(path)
    try:
        model = tf.saved_model.load(str(path))
        signatures = dict(model.signatures)
    except Exception as error:  # TensorFlow raises nearly anything for a damaged folder
        lines = str(error).splitlines() or [type(error).__name__]
        message = f"TensorFlow cannot load {path}: {lines[0]}"
        raise ModelError(message, hint="save it again: model.export('folder')") from error
    if not signatures:
        message = f"{path} has no signature to call"
        raise ModelError(message, hint="save it with model.export('folder')")
    if _SIGNATURE not in signatures and len(signatures) > 1:
        message = f"{path} has no {_SIGNATURE!r} signature, only {', '.join(sorted(signatures))}"
        raise ModelError(message, hint="save it with model.export('folder')")
    key = _SIGNATURE if _SIGNATURE in signatures else next(iter(signatures))
    function = signatures[key]
    given = function.structured_input_signature[1]
    specs = tuple(_spec(name, spec, input_shape) for name, spec in sorted(given.items()))

    def call(tensors: Sequence[Any]) -> list[tuple[str, Any]]:
        arguments = {spec.name: tensor for spec, tensor in zip(specs, tensors, strict=True)}
        # Through `model`: a signature by itself does not keep its variables alive.
        return sorted(model.signatures[key](**arguments).items())

    def weights() -> Iterator[tuple[str, NDArray[Any]]]:
        for variable in function.variables:
            yield variable.name.partition(":")[0], variable.numpy()

    return Loaded(
        loader="saved_model",
        inputs=specs,
        call=call,
        layers=(),
        training_only=(),
        variables=(),
        weights=weights,
        versions={},
    )


def _spec(name: str, spec: Any, input_shape: tuple[int, int, int] | None) -> InputSpec:
    sides = spec.shape.as_list() if spec.shape.rank is not None else [None, None, None, None]
    shape = fixed_shape(name, sides, input_shape)
    return InputSpec(name=name, shape=shape, dtype=str(spec.dtype.name))
