"""`edgevision calibration check`: is this set of photos fit to calibrate with?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.photos import usage_told
from edgevision.cli.options.preprocessing import PreprocessingOptions

if TYPE_CHECKING:
    from edgevision.dataset.calibration.calibration_set import CalibrationSet
    from edgevision.dataset.calibration.check import SetFinding
    from edgevision.dataset.imageset import ImageSet


@spread_groups
def check(
    images: Annotated[
        Path | None,
        typer.Argument(
            help="A set's folder, or any image set. Default: the one in calibration/.",
            show_default=False,
        ),
    ] = None,
    *,
    evaluation: Annotated[
        Path | None,
        typer.Option(
            "--eval",
            help="Images that must not be in it. Default: what the set was built with.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            help="A float .tflite: compare its activations on two halves of the set.",
            show_default=False,
        ),
    ] = None,
    labels: options.Labels = None,
    preprocessing: PreprocessingOptions,
    as_json: options.Json = False,
) -> None:
    """Look at every image of a set: range, balance, duplicates, overlap, steadiness.

    Exits with 4 when something makes the set unfit; warnings alone exit with 0. The
    preprocessing options are needed with --model only, when neither the set nor the model says.
    """
    from dataclasses import asdict

    from edgevision.dataset.calibration.check import check as check_images
    from edgevision.dataset.formats.open_set import open_image_set
    from edgevision.errors import ImageSetError
    from edgevision.preprocess.declared import Preprocessing

    if model is None:
        options.refuse_unused(asdict(preprocessing), without="--model")
    declared = preprocessing.declared()
    chosen, calibration = _open(images, labels)
    of_set = (calibration and calibration.preprocessing) or Preprocessing()
    held_out = None
    if evaluation is not None:
        held_out = open_image_set(evaluation)
    elif calibration is not None and calibration.evaluation is not None:
        if calibration.evaluation.exists():
            held_out = open_image_set(calibration.evaluation)
        else:
            console.warn(f"{calibration.evaluation} is gone: overlap with it is not checked")
    with console.progress_bar() as progress:
        ranges_of = None
        if model is not None:
            from functools import partial

            from edgevision.runtime.activation_ranges import mean_ranges

            ranges_of = partial(
                mean_ranges,
                model,
                usage_told(model, declared, without_card=of_set).preprocessing,
                chosen,
                progress=progress,
            )
        findings = check_images(chosen, evaluation=held_out, ranges_of=ranges_of, progress=progress)
    if as_json:
        console.print_json(_checked(chosen, held_out, findings))
    else:
        _render_checked(chosen, held_out, findings)
    if errors := [finding for finding in findings if finding.severity == "error"]:
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in errors))
        message = f"{chosen.path} is not fit for calibration: {kinds}"
        raise ImageSetError(message, hint="put that right, and build the set again")


def _open(path: Path | None, labels: Path | None) -> "tuple[ImageSet, CalibrationSet | None]":
    from edgevision.dataset.calibration.calibration_set import find_set, is_set, no_set, read_set
    from edgevision.dataset.formats.open_set import open_image_set
    from edgevision.errors import UsageError

    if path is None:
        path = find_set(Path())
        if path is None:
            raise no_set(Path())
    if path.name == "set.toml":
        path = path.parent
    if not is_set(path):
        return open_image_set(path, labels=labels), None
    if labels is not None:
        raise UsageError(f"{path} has its own labels: leave --labels away")
    found = read_set(path)
    return found.images, found


def _checked(
    images: "ImageSet", held_out: "ImageSet | None", findings: "tuple[SetFinding, ...]"
) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "set": str(images.path),
        "images": len(images),
        "labelled": images.is_labelled,
        "evaluation": str(held_out.path) if held_out is not None else None,
        "fit": all(finding.severity != "error" for finding in findings),
        "findings": [asdict(finding) for finding in findings],
    }


def _render_checked(
    images: "ImageSet", held_out: "ImageSet | None", findings: "tuple[SetFinding, ...]"
) -> None:
    compared = f", compared with {held_out.path}" if held_out is not None else ""
    console.print_text(f"{len(images)} images of {images.path}{compared}")
    table = console.new_table("", "about", "found", left=("about", "found"))
    for finding in findings:
        table.add_row(finding.severity, finding.kind, finding.message)
    console.print_table(table)
    if all(finding.severity == "note" for finding in findings):
        console.print_text("Fit for calibration.")
