"""`edgevision calibration`: choose and check the photos that int8 ranges are measured on."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.show import calibration_tables

app = typer.Typer(
    no_args_is_help=True, help="Choose and check the photos that int8 is calibrated with."
)


@app.command("build")
@spread_groups
def build(
    source: Annotated[
        Path,
        typer.Argument(
            help="Images to choose from: class folders, a folder (with labels.csv), or .npz.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for set.toml and manifest.csv.")
    ] = Path("calibration"),
    count: Annotated[int, typer.Option("--count", help="How many images to choose.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another choice.")] = 0,
    evaluation: Annotated[
        Path | None,
        typer.Option(
            "--eval",
            help="Images to keep out: the evaluation set.",
            show_default=False,
        ),
    ] = None,
    labels: options.Labels = None,
    split: Annotated[
        str,
        typer.Option(
            "--split", help="What part of the data this is, such as train.", show_default=False
        ),
    ] = "",
    preprocessing: PreprocessingOptions,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Choose calibration images: seeded, as many of each class, every picture once.

    Writes set.toml and manifest.csv (with digests); the images stay where they are. With
    --preprocess the set also says how the model wants its pixels, and
    `edgevision optimize model.keras --int8` in this folder needs nothing more.
    """
    from edgevision.api.calibration_build import build_calibration_set

    with console.progress_bar() as progress:
        built = build_calibration_set(
            source,
            count=count,
            seed=seed,
            evaluation=evaluation,
            labels=labels,
            split=split,
            preprocessing=preprocessing.given(),
            output=output,
            overwrite=overwrite,
            progress=progress,
            notify=console.notify,
        )
    if as_json:
        console.print_json(built.to_dict())
    else:
        calibration_tables.render_built(built)


@app.command("check")
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
    from edgevision.api.calibration_check import check_calibration_set

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
