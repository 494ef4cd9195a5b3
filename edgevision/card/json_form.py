"""The model card as JSON, and back, strictly."""

from dataclasses import asdict
from typing import Any

from edgevision.card.card import (
    FIRST_KINDS,
    MAX_LABEL_LENGTH,
    MAX_LABELS,
    SCHEMA_VERSION,
    CalibrationSource,
    Card,
    Figure,
    Figures,
    Provenance,
)
from edgevision.card.strict import Fields, as_text, refuse
from edgevision.errors import ModelError, UsageError
from edgevision.preprocess.image_preprocessing import preprocessing_from_dict, preprocessing_to_dict
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.facts import TensorInterface

_MAX_TEXT = 1024
_MAX_TENSORS = 64
_MAX_SIDES = 8
_MAX_TOOLS = 64
_MAX_METRICS = 256


def card_to_dict(card: Card) -> dict[str, Any]:
    """The card as plain JSON values; `card_from_dict` reads it back."""
    calibration = card.provenance.calibration
    return {
        "schema_version": card.schema_version,
        "name": card.name,
        **_first_keys(card),
        "precision": card.precision,
        "task": _task_to_dict(card.task),
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
        "figures": {
            **asdict(card.figures),
            "metrics": [asdict(one) for one in card.figures.metrics],
        },
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
    if not 1 <= version <= SCHEMA_VERSION:
        # Before anything else: what the rest means depends on it.
        message = f"the model card has version {version}, known are 1 to {SCHEMA_VERSION}"
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
        preprocessing=known,
        task=_task(fields, version),
        precision=fields.text("precision", _MAX_TEXT),  # type: ignore[arg-type]
        inputs=_tensors(fields, "inputs"),
        outputs=_tensors(fields, "outputs"),
        provenance=_provenance(fields.optional_fields("provenance")),
        figures=_figures(fields.optional_fields("figures")),
    )


def _first_keys(card: Card) -> dict[str, Any]:
    """What readers of version 1 look for; they know no output whose values are unknown."""
    if card.kind not in FIRST_KINDS:
        return {}
    return {"kind": card.kind, "activation": card.activation or "logits"}


def _task_to_dict(task: TaskSpec | None) -> dict[str, Any] | None:
    """Without the labels, which come last in the card: a thousand lines of them."""
    if task is None:
        return None
    return {
        "kind": task.kind,
        "activations": list(task.activations),
        "options": dict(task.options),
    }


def _task(card: Fields, version: int) -> TaskSpec | None:
    labels = card.texts("labels", count=MAX_LABELS, limit=MAX_LABEL_LENGTH)
    fields = card.optional_fields("task")
    if fields is None:
        return _task_of_first_keys(card, labels) if version == 1 else None
    kind = fields.text("kind", _MAX_TEXT)
    if version == 1 and card.text("kind", _MAX_TEXT) != kind:
        refuse("card.task.kind", "the same as card.kind", kind)
    options = fields.raw("options")
    if not isinstance(options, dict | None):
        refuse("card.task.options", "an object", options)
    activations = fields.items("activations", _MAX_TENSORS)
    return TaskSpec(
        kind=kind,
        labels=labels,
        activations=tuple(
            None if one is None else as_text(one, "card.task.activations", _MAX_TEXT)  # type: ignore[misc] # Card checks the choice
            for one in activations
        ),
        options=options or {},
    )


def _task_of_first_keys(card: Fields, labels: tuple[str, ...]) -> TaskSpec | None:
    kind, activation = card.text("kind", _MAX_TEXT), card.text("activation", _MAX_TEXT)
    if kind not in FIRST_KINDS:
        refuse("card.kind", f"one of {', '.join(FIRST_KINDS)}", kind)
    outputs = _tensors(card, "outputs")
    if kind == "classification" and outputs and set(outputs[0].shape) <= {1}:
        # Every network was stamped so: of one number without names it says nothing, and a softmax
        # of it, the default, can never have been meant.
        if activation == "logits" and not labels:
            return None
        activation = "logits" if activation == "softmax" else activation
    # "logits" was written of everything that is no softmax or sigmoid: it says nothing more.
    known = () if activation == "logits" else (activation,)
    return TaskSpec(kind=kind, labels=labels, activations=known)  # type: ignore[arg-type] # Card checks


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
        metrics=tuple(
            Figure(
                name=one.text("name", _MAX_TEXT),
                value=one.optional_number("value"),
                unit=one.text("unit", _MAX_TEXT, ""),
                reference=one.text("reference", _MAX_TEXT, "truth"),
            )
            for one in (
                Fields(values, "card.figures.metrics")
                for values in fields.items("metrics", _MAX_METRICS)
            )
        ),
    )
