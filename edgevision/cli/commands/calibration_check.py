"""`edgevision calibration check`: is this set of photos fit to calibrate with?"""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.show import calibration_tables


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
    from edgevision.api.calibration import check_calibration_set

    with console.progress_bar() as progress:
        checked = check_calibration_set(
            images,
            evaluation=evaluation,
            model=model,
            labels=labels,
            preprocessing=preprocessing.given(),
            progress=progress,
            notify=console.notify,
        )
    if as_json:
        console.print_json(checked.to_dict())
    else:
        calibration_tables.render_checked(checked)
    checked.raise_if_unfit()
