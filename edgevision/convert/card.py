"""The card of a converted file: written when it was declared how photos become its input."""

from importlib.metadata import version
from pathlib import Path

from edgevision.card.card import Card, Provenance
from edgevision.card.write import write_card
from edgevision.convert.job import Conversion
from edgevision.errors import UsageError
from edgevision.keras_model.archive import digest_of
from edgevision.preprocess.declared import Preprocessing
from edgevision.tasks.interface import ModelInterface, OutputInterface
from edgevision.tasks.resolve import resolve_task
from edgevision.tflite.facts import facts_of
from edgevision.tflite.view import read_model

_PRECISION = "float32"


def with_card(
    content: bytes,
    conversion: Conversion,
    *,
    source: Path,
    declared: Preprocessing,
    labels: tuple[str, ...],
) -> bytes:
    """The `.tflite` `content` with a card inside.

    Args:
        content: the converted file.
        conversion: what is known of it.
        source: the model it was made of.
        declared: how photos become its input; complete.
        labels: class names in index order; empty when unknown.

    Raises:
        UsageError: the model does not take one image, or what was declared does not fit it.
        ModelError: there are not as many labels as classes.
    """
    height, width, channels = _image_shape(conversion)
    facts = facts_of(read_model(content))
    tools = {**conversion.versions, "edgevision": version("edgevision")}
    card = Card(
        name=source.stem,
        kind=_kind(conversion, labels),  # type: ignore[arg-type]  # Card checks the choice
        preprocessing=declared.preprocessing(width=width, height=height, channels=channels),
        labels=labels,
        activation=conversion.outputs[0].activation,
        precision=facts.precision,
        inputs=facts.inputs,
        outputs=facts.outputs,
        provenance=Provenance(
            source_name=source.name,
            source_sha256=digest_of(source),
            recipe=_PRECISION,
            tools=tuple(sorted(tools.items())),
        ),
    )
    return write_card(content, card)


def _image_shape(conversion: Conversion) -> tuple[int, int, int]:
    shapes = [given.shape for given in conversion.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        listed = ", ".join(f"{one.name} {list(one.shape)}" for one in conversion.inputs)
        message = f"preprocessing was declared, and the model does not take one image but {listed}"
        raise UsageError(message, hint="leave the preprocessing away: the file gets no card then")
    _batch, height, width, channels = shapes[0]
    return height, width, channels


def _kind(conversion: Conversion, labels: tuple[str, ...]) -> str:
    """Classes only where a softmax or as many names say so; numbers without a meaning otherwise."""
    outputs = tuple(
        OutputInterface(
            name=made.name,
            shape=made.shape,
            dtype=made.dtype,
            maker="other" if made.activation == "logits" else made.activation,
        )
        for made in conversion.outputs
    )
    return resolve_task(ModelInterface(outputs=outputs), labels=labels).task.spec.kind
