"""What `edgevision verify` prints."""

import math
from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.cli.show.lines import print_fact, shown

if TYPE_CHECKING:
    from edgevision.api.verify import VerifyResult
    from edgevision.tasks.figures import Agreement, Metric, Verdict
    from edgevision.verify.explain import Explanation
    from edgevision.verify.what_if.trials import Trials

_FLIPS_SHOWN = 10
_NAME_WIDTH = 14
"""What is left of 80 columns beside the longest operation and the longest cause."""


def render(result: "VerifyResult") -> None:
    """The layers that hurt, what remedies do, and the answers that flip."""
    found = result.explanation
    console.print_text(
        f"{result.quantized.name} against {result.original.name}: {found.images} images"
    )
    _render_layers(found, result.top)
    if result.trials is not None:
        _render_trials(result.trials)
    _render_answers(found)


def _render_layers(found: "Explanation", top: int) -> None:
    """The `top` layers that hurt most: how much, why, and what would help."""
    worst = found.worst(top)
    if not worst:
        console.print_text("no layer adds any error")
        return
    table = console.new_table(
        "layer",
        "operation",
        "alone",
        "own",
        "carried",
        "cause",
        title="layers that hurt most",
        left=("operation", "cause"),
    )
    for number, layer in enumerate(worst, start=1):
        pair, errors = layer.error.pair, layer.error
        table.add_row(
            f"{number} {shown(pair.layer, _NAME_WIDTH)}",
            shown(pair.operation.removesuffix("_2D"), 15),
            *map(_decibels, (layer.answer_db, errors.own_sqnr_db, errors.sqnr_db)),
            layer.cause.label,
        )
    console.print_table(table)
    print_fact("alone", "how little the answer moves, were this layer alone quantized (dB)")
    print_fact("own", "SQNR in dB of its output against the float operation on the same inputs")
    print_fact("carried", "SQNR of its output against the float model: all errors up to here")
    for number, layer in enumerate(worst, start=1):
        print_fact(f"cause of {number}", layer.cause.detail)
        print_fact("", f"remedy: {', or '.join(one.words for one in layer.changes)}")
    if found.unmatched:
        listed = ", ".join(found.unmatched[:3]) + (", ..." if len(found.unmatched) > 3 else "")
        print_fact("not compared", f"{listed}: folded into others or rewritten")
    console.print_text()


def _render_trials(trials: "Trials") -> None:
    """What each remedy measured, beside the file as given."""
    shown_metrics = _columns(trials.given)
    table = console.new_table(f"remedies, measured on {trials.images} images", *shown_metrics)
    table.add_row("the file as given", *_cells(trials.given))
    for remedy in (trials.unchanged, *trials.remedies):
        words = shown(remedy.change.words, 50)
        if remedy.effect is None:
            blanks = ["-"] * len(shown_metrics)
            table.add_row(f"{words}: {shown(remedy.reason, 60)}", *blanks)
        else:
            table.add_row(words, *_cells(remedy.effect))
    console.print_table(table)


def _render_answers(found: "Explanation") -> None:
    """How far the answers agree, and the images where they flip."""
    from edgevision.evaluation.figure_text import metric_text

    agreement = found.answers.agreement
    console.print_text(f"{agreement.headline.heading:<13} {metric_text(agreement.headline)}")
    flips = agreement.flips
    if not flips:
        return
    table = console.new_table("answer flips", "float", "quantized", left=("float", "quantized"))
    for flip in flips[:_FLIPS_SHOWN]:
        table.add_row(shown(flip.id, 24), _verdict(flip.reference), _verdict(flip.ours))
    console.print_table(table)
    if len(flips) > _FLIPS_SHOWN:
        console.print_text(f"and {len(flips) - _FLIPS_SHOWN} more; --json lists all")


_MOST_COLUMNS = 3


def _metrics(agreement: "Agreement") -> "tuple[Metric, ...]":
    """What a column each shows; of numbers, which have figures for every output, the worst."""
    most = _MOST_COLUMNS if agreement.headline.unit == "share" else 1
    return agreement.metrics[:most]


def _columns(agreement: "Agreement") -> list[str]:
    return [shown(one.heading, 14) for one in _metrics(agreement)]


def _cells(agreement: "Agreement") -> list[str]:
    from edgevision.evaluation.figure_text import value_text

    return [value_text(one) for one in _metrics(agreement)]


def _verdict(verdict: "Verdict") -> str:
    text = shown(verdict.text, 26)
    if verdict.other_score is not None:
        text += f" (other {verdict.other_score:.2f})"
    return text


def _decibels(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "exact"
