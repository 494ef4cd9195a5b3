"""An explanation as plain JSON values; `edgevision report --layers` reads the same document."""

import math
from dataclasses import asdict
from typing import Any

from edgevision.verify.documents import rate_document
from edgevision.verify.explain import Explanation, Layer
from edgevision.verify.what_if.remedy import Closeness, WhatIf
from edgevision.verify.what_if.trials import Trials

SCHEMA_VERSION = 1


def explanation_document(
    explanation: Explanation, trials: Trials | None, *, worst: int
) -> dict[str, Any]:
    """Everything found; decibels are null where there is no error at all."""
    places = {id(layer): at for at, layer in enumerate(explanation.layers)}
    answers = explanation.answers
    return {
        "schema_version": SCHEMA_VERSION,
        "images": explanation.images,
        "influence_images": explanation.influence_images,
        "layers": [_layer(layer) for layer in explanation.layers],
        "worst": [places[id(layer)] for layer in explanation.worst(worst)],
        "unmatched": list(explanation.unmatched),
        "answers": None if answers is None else _closeness(answers.whole),
        "flips": None if answers is None else [asdict(flip) for flip in answers.flips],
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
        "answer_sqnr_db": _finite(layer.answer_sqnr_db),
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
        "given": _closeness(trials.given),
        "unchanged": _remedy(trials.unchanged),
        "tried": [_remedy(remedy) for remedy in trials.remedies],
    }


def _remedy(remedy: WhatIf) -> dict[str, Any]:
    return {
        "change": remedy.change.words,
        "ranges": remedy.change.ranges,
        "equalization": remedy.change.equalization,
        "float_operators": list(remedy.change.float_operators),
        "effect": None if remedy.effect is None else _closeness(remedy.effect),
        "reason": remedy.reason,
    }


def _closeness(measured: Closeness) -> dict[str, Any]:
    return {
        "agreement": rate_document(measured.agreement),
        "mean_kl": measured.mean_kl,
        "sqnr_db": _finite(measured.sqnr_db),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
