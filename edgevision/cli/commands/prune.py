"""`edgevision prune`: a Keras model with fewer channels, fine-tuned; or with weights at zero."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.device import DeviceOptions
from edgevision.cli.options.fine_tuning import FineTuningOptions
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.options.prune import ChoiceOptions, RemovalOptions
from edgevision.cli.show import prune_tables

_HOW = "How to choose it"


@spread_groups
def prune(
    model: Annotated[Path, typer.Argument(help="A .keras or .h5 file.", show_default=False)],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="MODEL-pruned.keras unless given."),
    ] = None,
    removal: RemovalOptions,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Predict for several shares; write nothing."),
    ] = False,
    choice: ChoiceOptions,
    steps: Annotated[
        int, typer.Option(min=1, help="Rounds of removing and fine-tuning.", rich_help_panel=_HOW)
    ] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="To measure latency with; 1.", rich_help_panel=_HOW)
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(help="Of zeros: polynomial or constant (TF-MOT's).", rich_help_panel=_HOW),
    ] = None,
    device: DeviceOptions,
    fine_tuning: FineTuningOptions,
    preprocessing: PreprocessingOptions,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Remove channels from a Keras model, and fine-tune it on the original's answers.

    The result is a smaller .keras file, to be converted like any other. Without --train nothing
    is trained, and accuracy is lost.

    Exits with 2 when options do not fit together, 4 for bad images, 5 for a model that cannot be
    pruned, 6 for a device that cannot be used, 7 when the target cannot be reached.
    """
    from edgevision.api.prune import prune as run

    with console.progress_bar() as progress:
        result = run(
            model,
            **asdict(removal),
            dry_run=dry_run,
            **asdict(choice),
            steps=steps,
            threads=threads,
            schedule=schedule,
            **asdict(device),
            **asdict(fine_tuning),
            preprocessing=preprocessing.given(),
            output=output,
            overwrite=overwrite,
            progress=progress,
            notify=console.notify,
        )
    if as_json:
        console.print_json(result.to_dict())
    else:
        prune_tables.render(result)
