"""The model card as JSON, and back, strictly."""

from typing import Any

from edgevision.card.card import (
    MAX_LABEL_LENGTH,
    MAX_LABELS,
    SCHEMA_VERSION,
    CalibrationSource,
    Card,
    Figures,
    Provenance,
)
from edgevision.card.strict import Fields, refuse
from edgevision.errors import ModelError, UsageError
from edgevision.preprocess.image_preprocessing import preprocessing_from_dict, preprocessing_to_dict
from edgevision.tflite.facts import TensorInterface

_MAX_TEXT = 1024
_MAX_TENSORS = 64
_MAX_SIDES = 8
_MAX_TOOLS = 64


def card_to_dict(card: Card) -> dict[str, Any]:
    """The card as plain JSON values; `card_from_dict` reads it back."""
    calibration = card.provenance.calibration
    return {
        "schema_version": card.schema_version,
        "name": card.name,
        "kind": card.kind,
        "precision": card.precision,
        "activation": card.activation,
        "preprocess": preprocessing_to_dict(card.preprocessing),
        "inputs": [_tensor_to_dict(tensor) for tensor in card.inputs],
        "outputs": [_tensor_to_dict(tensor) for tensor in card.outputs],
        "provenance": {
            "source_name": card.provenance.source_name,
            "source_sha256": card.provenance.source_sha256,
            "recipe": card.provenance.recipe,
            "calibration": None
            if calibration is None
            else {
                "name": calibration.name,
                "sha256": calibration.sha256,
                "images": calibration.images,
                "seed": calibration.seed,
            },
            "tools": dict(card.provenance.tools),
        },
        "figures": {name: getattr(card.figures, name) for name in Figures.__dataclass_fields__},
        "labels": list(card.labels),
    }


def card_from_dict(values: object) -> Card:
    """The card that `values` (parsed JSON) describe.

    Raises:
        ModelError: a version or a preprocessing that is not known here, or a value that is
            missing, of the wrong type or out of bounds.
    """
    fields = Fields(values)
    version = fields.integer("schema_version")
    if version != SCHEMA_VERSION:
        # Before anything else: what the rest means depends on it.
        message = f"the model card has version {version}, known is {SCHEMA_VERSION}"
        raise ModelError(message, hint="install a newer edgevision")
    preprocessing = fields.raw("preprocess")
    if not isinstance(preprocessing, dict):
        refuse("card.preprocess", "an object", preprocessing)
    try:
        known = preprocessing_from_dict(preprocessing)
    except (UsageError, TypeError, OverflowError) as error:
        message = f"card.preprocess: {error}"
        raise ModelError(message) from error
    return Card(
        name=fields.text("name", _MAX_TEXT),
        kind=fields.text("kind", _MAX_TEXT),  # type: ignore[arg-type] # Card checks the choice
        preprocessing=known,
        labels=fields.texts("labels", count=MAX_LABELS, limit=MAX_LABEL_LENGTH),
        activation=fields.text("activation", _MAX_TEXT),  # type: ignore[arg-type]
        precision=fields.text("precision", _MAX_TEXT),  # type: ignore[arg-type]
        inputs=_tensors(fields, "inputs"),
        outputs=_tensors(fields, "outputs"),
        provenance=_provenance(fields.optional_fields("provenance")),
        figures=_figures(fields.optional_fields("figures")),
    )


def _tensor_to_dict(tensor: TensorInterface) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "scale": tensor.scale,
        "zero_point": tensor.zero_point,
    }


def _tensors(card: Fields, name: str) -> tuple[TensorInterface, ...]:
    return tuple(
        TensorInterface(
            name=fields.text("name", _MAX_TEXT),
            shape=fields.integers("shape", _MAX_SIDES),
            dtype=fields.text("dtype", _MAX_TEXT),
            scale=fields.optional_number("scale"),
            zero_point=fields.optional_integer("zero_point"),
        )
        for fields in (Fields(values, f"card.{name}") for values in card.items(name, _MAX_TENSORS))
    )


def _provenance(fields: Fields | None) -> Provenance:
    if fields is None:
        return Provenance()
    source = fields.optional_fields("calibration")
    return Provenance(
        source_name=fields.text("source_name", _MAX_TEXT, ""),
        source_sha256=fields.text("source_sha256", _MAX_TEXT, ""),
        recipe=fields.text("recipe", _MAX_TEXT, ""),
        calibration=None
        if source is None
        else CalibrationSource(
            name=source.text("name", _MAX_TEXT),
            sha256=source.text("sha256", _MAX_TEXT),
            images=source.integer("images"),
            seed=source.optional_integer("seed"),
        ),
        tools=fields.text_map("tools", count=_MAX_TOOLS, limit=_MAX_TEXT),
    )


def _figures(fields: Fields | None) -> Figures:
    if fields is None:
        return Figures()
    return Figures(
        evaluation=fields.text("evaluation", _MAX_TEXT, ""),
        images=fields.optional_integer("images"),
        float_size_bytes=fields.optional_integer("float_size_bytes"),
        accuracy=fields.optional_number("accuracy"),
        top5=fields.optional_number("top5"),
        float_accuracy=fields.optional_number("float_accuracy"),
        float_top5=fields.optional_number("float_top5"),
        agreement=fields.optional_number("agreement"),
        mean_kl=fields.optional_number("mean_kl"),
    )
