"""`edgevision prune`: a Keras model with fewer channels, fine-tuned; or with weights at zero."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.common import refuse_unused
from edgevision.cli.options.device import DeviceOptions
from edgevision.cli.options.fine_tuning import FineTuningOptions
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.options.prune import (
    ChoiceOptions,
    RemovalOptions,
    plan_of,
    say_what_zeros_are_worth,
)
from edgevision.cli.show.prune_tables import document, render_ladder, render_result

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
    from edgevision.compress.run import predict_file, prune_file, require_tensorflow

    require_tensorflow()
    plan = plan_of(removal, choice, schedule=schedule, dry_run=dry_run)
    learning = fine_tuning.learning(preprocessing)
    measures_latency = removal.latency is not None
    if not measures_latency:
        device.refuse(without="--latency")
        refuse_unused({"threads": threads}, without="--latency")
    if removal.is_of_zeros:
        refuse_unused({"steps": steps > 1})
    if dry_run:
        refuse_unused({"output": output, "train": fine_tuning.train})
    with console.progress_bar() as progress:
        if dry_run:
            report = predict_file(model, plan, progress=progress)  # type: ignore[arg-type] # plan_of
        else:
            say_what_zeros_are_worth(plan)
            latency_ms = None
            if measures_latency:
                from edgevision.pipeline.candidate_latency import int8_latency_ms

                _, access = device.place()
                latency_ms = int8_latency_ms(
                    target=device.on or "local",
                    threads=threads or 1,
                    access=access,
                    progress=progress,
                )
            written = output or model.with_name(f"{model.stem}-pruned.keras")
            report = prune_file(
                model,
                written,
                plan,
                learning=learning,
                steps=steps,
                checkpoints=fine_tuning.checkpoints,
                latency_ms=latency_ms,
                overwrite=overwrite,
                progress=progress,
            )
    for warning in report.warnings:
        console.warn(warning)
    if as_json:
        console.print_json(document(report, None if dry_run else written))
    elif dry_run:
        render_ladder(report, plan)  # type: ignore[arg-type] # plan_of refuses zeros
    else:
        render_result(report, written)
