"""What `edgevision verify` prints."""

import math
from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.cli.show.lines import print_fact, shown

if TYPE_CHECKING:
    from edgevision.api.verify import VerifyResult
    from edgevision.verify.explain import Explanation
    from edgevision.verify.what_if.remedy import Closeness
    from edgevision.verify.what_if.trials import Trials

_FLIPS_SHOWN = 10


def render(result: "VerifyResult") -> None:
    """The layers that hurt, what remedies do, and the answers that flip."""
    found = result.explanation
    console.print_text(
        f"{result.quantized.name} against {result.original.name}: {found.images} images"
    )
    _render_layers(found, result.top)
    if result.trials is not None:
        _render_trials(result.trials)
    _render_answers(found, result.labels or result.data.classes)


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
            f"{number} {shown(pair.layer, 18)}",
            shown(pair.operation.removesuffix("_2D"), 15),
            *map(_decibels, (layer.answer_sqnr_db, errors.own_sqnr_db, errors.sqnr_db)),
            layer.cause.label,
        )
    console.print_table(table)
    print_fact("alone", "SQNR in dB of the scores, were this layer alone quantized")
    print_fact("own", "SQNR of its output against the float operation on the same inputs")
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
    table = console.new_table(
        f"remedies, measured on {trials.images} images", "agree", "mean KL", "SQNR dB"
    )
    table.add_row("the file as given", *_cells(trials.given))
    for remedy in (trials.unchanged, *trials.remedies):
        words = shown(remedy.change.words, 50)
        if remedy.effect is None:
            table.add_row(f"{words}: {shown(remedy.reason, 60)}", "-", "-", "-")
        else:
            table.add_row(words, *_cells(remedy.effect))
    console.print_table(table)


def _render_answers(found: "Explanation", names: tuple[str, ...]) -> None:
    """How often the answer stays, and the images where it flips; nothing for no classifier."""
    if found.answers is None:
        return
    whole, flips = found.answers.whole, found.answers.flips
    low, high = whole.agreement.interval
    console.print_text(
        f"same answer   {console.percent(whole.agreement.value)} "
        f"({whole.agreement.hits} of {whole.agreement.count}; "
        f"95 %: {console.percent(low)} to {console.percent(high)})"
    )
    if not flips:
        return
    table = console.new_table("answer flips", "float", "quantized", left=("float", "quantized"))
    for flip in flips[:_FLIPS_SHOWN]:
        cells = [
            f"{shown(_name(names, one.label), 20)} {console.percent(one.probability, 0)}"
            f" (other {console.percent(one.probability_of_other, 0)})"
            for one in (flip.original, flip.quantized)
        ]
        table.add_row(shown(flip.id, 24), *cells)
    console.print_table(table)
    if len(flips) > _FLIPS_SHOWN:
        console.print_text(f"and {len(flips) - _FLIPS_SHOWN} more; --json lists all")


def _cells(measured: "Closeness") -> tuple[str, str, str]:
    return (
        console.percent(measured.agreement.value),
        f"{measured.mean_kl:.4f}",
        _decibels(measured.sqnr_db),
    )


def _decibels(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "exact"


def _name(names: tuple[str, ...], label: int) -> str:
    return names[label] if label < len(names) else f"class {label}"
