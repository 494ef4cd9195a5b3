"""What `edgevision quantize` prints."""

from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.cli.show.trials_table import render_trials
from edgevision.quantities import megabytes

if TYPE_CHECKING:
    from edgevision.api.quantize_result import QuantizeResult


def render(result: "QuantizeResult") -> None:
    """The file, what stayed float, and what was tried."""
    model, facts = result.model, result.facts
    given, made = facts.inputs[0], facts.outputs[0]
    console.print_text(
        f"{result.file}: {megabytes(facts.size_bytes)}, {facts.precision},"
        f" {given.dtype} in, {made.dtype} out"
    )
    for line in result.left_in_float():
        console.print_text(line)
    for step in model.steps:
        kept = ", kept" if step.kept else ""
        console.note(f"tried: {step.step}: loss {step.loss:.4g} on held-out images{kept}")
    if model.images:
        console.note(f"calibrated on {model.images} images, {model.seconds:.1f} s")
    if result.target is not None:
        render_trials(result.target)
