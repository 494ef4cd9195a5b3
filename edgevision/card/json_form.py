"""The model card as JSON, and out of JSON that a stranger may have written: bounded, refused."""

import re
from dataclasses import dataclass, field
from typing import Annotated, Any

from edgevision.card.card import (
    FIRST_KINDS,
    MAX_LABEL_LENGTH,
    MAX_LABELS,
    SCHEMA_VERSION,
    Card,
    Figures,
    Provenance,
)
from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.serialization.decode import from_plain
from edgevision.serialization.encode import to_plain
from edgevision.serialization.json_text import parse_json
from edgevision.serialization.limits import STRANGER
from edgevision.serialization.schema import Form
from edgevision.serialization.version import check_version
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.arithmetic import Precision
from edgevision.tflite.facts import Activation, TensorInterface

_DISTRIBUTION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
"""Of the core metadata's names; they are shown as something to type."""

_HINT = "the model card is damaged; package the model again"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """Without the labels, which come last in the card: a thousand lines of them."""

    kind: str
    activations: Annotated[tuple[Activation | None, ...], Form(max_items=64)] = ()
    options: dict[str, Any] = field(default_factory=dict)
    package: str | None = None
    """None for a task of ours."""


_Tensors = Annotated[tuple[TensorInterface, ...], Form(max_items=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Json:
    """The entries in their order; `kind` and `activation` are what version 1 has for `task`."""

    schema_version: int
    name: str
    kind: str | None = None
    precision: Precision
    activation: Activation | None = None
    task: _Task | None = None
    preprocessing: Annotated[ImagePreprocessing, Form(key="preprocess", unknown="refuse")]
    inputs: _Tensors
    outputs: _Tensors
    provenance: Provenance = field(default_factory=Provenance)
    figures: Figures = field(default_factory=Figures)
    labels: Annotated[
        tuple[Annotated[str, Form(max_characters=MAX_LABEL_LENGTH)], ...],
        Form(max_items=MAX_LABELS),
    ] = ()


def card_to_plain(card: Card) -> dict[str, Any]:
    """The card as plain JSON values; `card_from_plain` reads it back."""
    task, is_first = card.task, card.kind in FIRST_KINDS
    values: dict[str, Any] = to_plain(
        _Json(
            schema_version=card.schema_version,
            name=card.name,
            kind=card.kind if is_first else None,
            precision=card.precision,
            # Readers of version 1 know no output whose values are unknown.
            activation=(card.activation or "logits") if is_first else None,
            task=None
            if task is None
            else _Task(
                kind=task.kind,
                activations=task.activations,
                options=dict(task.options),
                package=task.package or None,
            ),
            preprocessing=card.preprocessing,
            inputs=card.inputs,
            outputs=card.outputs,
            provenance=card.provenance,
            figures=card.figures,
            labels=card.labels,
        )
    )
    if not is_first:
        del values["kind"], values["activation"]
    if task is not None and not task.package:
        del values["task"]["package"]
    return values


def parse_card_json(data: bytes, where: str) -> object:
    """The plain value that `data`, from the place `where`, spells.

    Raises:
        ModelError: it is too long, not JSON, or nested beyond reason.
    """
    plain: object = parse_json(data, where=where, limits=STRANGER, error=ModelError, hint=_HINT)
    return plain


def card_from_plain(plain: object) -> Card:
    """The card that `plain` (parsed JSON) describes; `card_to_plain` writes it.

    Raises:
        ModelError: a version or a preprocessing that is not known here, or a value that is
            missing, of the wrong type or out of bounds.
    """
    # The version before anything else: what the rest means depends on it.
    check_version(
        plain,
        known=SCHEMA_VERSION,
        oldest=1,
        where="the model card",
        error=ModelError,
        hint=_HINT,
    )
    found = from_plain(_Json, plain, where="card", limits=STRANGER, error=ModelError, hint=_HINT)
    return Card(
        name=found.name,
        preprocessing=found.preprocessing,
        task=_task(found),
        precision=found.precision,
        inputs=found.inputs,
        outputs=found.outputs,
        provenance=found.provenance,
        figures=found.figures,
    )


def _task(found: _Json) -> TaskSpec | None:
    task, version = found.task, found.schema_version
    if version == 1 and found.kind not in FIRST_KINDS:
        message = f"card.kind should be one of {', '.join(FIRST_KINDS)}, not {found.kind!r:.60}"
        raise ModelError(message, hint=_HINT)
    if task is None:
        return _task_of_version_1(found) if version == 1 else None
    if version == 1 and task.kind != found.kind:
        message = f"card.task.kind should be {found.kind} as card.kind, not {task.kind!r:.60}"
        raise ModelError(message, hint=_HINT)
    if task.package is not None and not _DISTRIBUTION.fullmatch(task.package):
        message = f"card.task.package should be the name of a package, not {task.package!r:.60}"
        raise ModelError(message, hint=_HINT)
    return TaskSpec(
        kind=task.kind,
        labels=found.labels,
        activations=task.activations,
        options=task.options,
        package=task.package or "",
    )


def _task_of_version_1(found: _Json) -> TaskSpec | None:
    kind, activation = found.kind or "", found.activation
    if activation is None:
        raise ModelError("card.activation is missing", hint=_HINT)
    is_number = bool(found.outputs) and set(found.outputs[0].shape) <= {1}
    if kind == "classification" and is_number:
        # Every network was stamped so: of one number without names it says nothing, and a softmax
        # of it, the default, can never have been meant.
        if activation == "logits" and not found.labels:
            return None
        activation = "logits" if activation == "softmax" else activation
    # "logits" was written of everything that is no softmax or sigmoid: it says nothing more.
    known = () if activation == "logits" else (activation,)
    return TaskSpec(kind=kind, labels=found.labels, activations=known)
