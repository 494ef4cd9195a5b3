"""What `edgevision calibration build` and `check` print."""

from typing import TYPE_CHECKING

from edgevision.cli import console

if TYPE_CHECKING:
    from edgevision.api.calibration_build import BuiltSet
    from edgevision.api.calibration_check import CheckedSet


def render_built(built: "BuiltSet") -> None:
    """What was chosen, and what was passed over."""
    images = built.calibration.images
    of_classes = f" of {built.classes} classes" if built.classes else ""
    console.print_text(f"{len(images)} images{of_classes} from {images.path}")
    for ids, why in (
        (built.selection.duplicates, "the same picture twice"),
        (built.selection.overlapping, "in the evaluation set"),
        (built.selection.unreadable, "cannot be decoded"),
    ):
        if ids:
            console.print_text(f"{len(ids)} left out: {why}")
    console.print_text(f"written: {built.file}")


def render_checked(checked: "CheckedSet") -> None:
    """What was found, and whether the set will do."""
    compared = (
        f", compared with {checked.evaluation.path}" if checked.evaluation is not None else ""
    )
    console.print_text(f"{len(checked.images)} images of {checked.images.path}{compared}")
    table = console.new_table("", "about", "found", left=("about", "found"))
    for finding in checked.findings:
        table.add_row(finding.severity, finding.kind, finding.message)
    console.print_table(table)
    if all(finding.severity == "note" for finding in checked.findings):
        console.print_text("Fit for calibration.")
