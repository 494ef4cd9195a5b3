"""`edgevision calibration build`: choose the photos that int8 ranges are measured on."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.show import calibration_tables


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
    from edgevision.api.calibration import build_calibration_set

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
