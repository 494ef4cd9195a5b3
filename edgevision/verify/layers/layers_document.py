"""An explanation as plain JSON values; `edgevision report --layers` reads the same document."""

import math
from typing import Any

from edgevision.evaluation.document import agreement_document, comparison_document
from edgevision.verify.explain import Explanation, Layer
from edgevision.verify.what_if.remedy import WhatIf
from edgevision.verify.what_if.trials import Trials

SCHEMA_VERSION = 2
"""Version of the document.

1  2026-11: "answer_sqnr_db" of the scores; "answers" and "flips" of classifiers only.
2  2026-11: "answer_db" by the task's loss; "answers" as `evaluation.document` has comparisons,
   with all flips in it, for any task; effects of remedies as it has agreements.
"""


def explanation_document(
    explanation: Explanation, trials: Trials | None, *, worst: int
) -> dict[str, Any]:
    """Everything found; decibels are null where there is no error at all."""
    places = {id(layer): at for at, layer in enumerate(explanation.layers)}
    answers = explanation.answers
    flips = len(answers.agreement.flips)
    return {
        "schema_version": SCHEMA_VERSION,
        "images": explanation.images,
        "influence_images": explanation.influence_images,
        "layers": [_layer(layer) for layer in explanation.layers],
        "worst": [places[id(layer)] for layer in explanation.worst(worst)],
        "unmatched": list(explanation.unmatched),
        "answers": comparison_document(answers, most_flips=flips),
        "remedies": None if trials is None else _trials(trials),
    }


def _layer(layer: Layer) -> dict[str, Any]:
    error = layer.error
    return {
        "name": error.pair.layer,
        "operation": error.pair.operation,
        "tensor": error.pair.tensor_name,
        "float_operator": error.pair.float_operator,
        "quantized_operator": error.pair.quantized_operator,
        "sqnr_db": _finite(error.sqnr_db),
        "own_sqnr_db": _finite(error.own_sqnr_db),
        "answer_db": _finite(layer.answer_db),
        "answer_loss": None if layer.influence is None else layer.influence.answer_loss,
        "cause": {
            "label": layer.cause.label,
            "weight": layer.cause.weight,
            "detail": layer.cause.detail,
        },
        "remedies": [change.words for change in layer.changes],
    }


def _trials(trials: Trials) -> dict[str, Any]:
    return {
        "images": trials.images,
        "given": agreement_document(trials.given),
        "unchanged": _remedy(trials.unchanged),
        "tried": [_remedy(remedy) for remedy in trials.remedies],
    }


def _remedy(remedy: WhatIf) -> dict[str, Any]:
    return {
        "change": remedy.change.words,
        "ranges": remedy.change.ranges,
        "equalization": remedy.change.equalization,
        "float_operators": list(remedy.change.float_operators),
        "effect": None if remedy.effect is None else agreement_document(remedy.effect),
        "reason": remedy.reason,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
