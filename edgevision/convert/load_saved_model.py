"""Loading a SavedModel folder: the `serving_default` signature, no Keras involved."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgevision.convert.job import ModelInput
from edgevision.convert.loaded import Loaded, NamedTensor, fixed_shape
from edgevision.convert.saved_graph import refuse_reaching_out
from edgevision.errors import ModelError
from edgevision.tflite.envelope.signature import SERVING_DEFAULT

_DEFAULT_ENDPOINT = "serve"
"""`model.export` writes the same function under this key and under "serving_default"."""


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
    if SERVING_DEFAULT not in signatures and len(signatures) > 1:
        listed = ", ".join(sorted(signatures))
        message = f"{path} has no {SERVING_DEFAULT!r} signature, only {listed}"
        raise ModelError(message, hint="save it with model.export('folder')")
    key = SERVING_DEFAULT if SERVING_DEFAULT in signatures else next(iter(signatures))
    others = sorted(signatures.keys() - {key, _DEFAULT_ENDPOINT})
    function = signatures[key]
    given = function.structured_input_signature[1]
    specs = tuple(_spec(name, spec, input_shape) for name, spec in sorted(given.items()))

    def call(tensors: Sequence[Any]) -> list[NamedTensor]:
        arguments = {spec.name: tensor for spec, tensor in zip(specs, tensors, strict=True)}
        # Through `model`: a signature by itself does not keep its variables alive.
        answers = model.signatures[key](**arguments)
        return [
            NamedTensor(name=name, layer=name, tensor=answers[name]) for name in sorted(answers)
        ]

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
        signature=key,
        warnings=(
            (f"only the signature {key!r} is converted, not {', '.join(others)}",) if others else ()
        ),
    )


def _spec(name: str, spec: Any, input_shape: tuple[int, int, int] | None) -> ModelInput:
    sides = spec.shape.as_list() if spec.shape.rank is not None else [None, None, None, None]
    shape = fixed_shape(name, sides, input_shape)
    return ModelInput(name=name, shape=shape, dtype=str(spec.dtype.name))
