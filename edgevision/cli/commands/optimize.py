"""`edgevision optimize`: a Keras model and photos in; proven, packaged `.tflite` files out."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.conversion import ConversionOptions
from edgevision.cli.options.device import DeviceOptions
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.integer import IntegerOptions, TargetOptions
from edgevision.cli.options.preprocessing import MeasuredPreprocessingOptions
from edgevision.cli.show import optimize_table

PRUNING = "Pruning"


@spread_groups
def optimize(
    model: Annotated[Path, typer.Argument(help="A .keras or .h5 file, or a SavedModel folder.")],
    *,
    int8: Annotated[
        bool, typer.Option("--int8", help="Full integer: the default when nothing is asked.")
    ] = False,
    dynamic: Annotated[
        bool, typer.Option("--dynamic", help="Also int8 weights with float activations.")
    ] = False,
    fp16: Annotated[bool, typer.Option("--fp16", help="Also 16-bit float weights.")] = False,
    int16x8: Annotated[
        bool,
        typer.Option("--int16x8", help="Also 16-bit activations, int8 weights; slow on most CPUs."),
    ] = False,
    recipe: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME|FILE.toml", help="Also what this recipe makes; repeatable."),
    ] = None,
    integer: IntegerOptions,
    target: TargetOptions,
    prune_channels: Annotated[
        float | None,
        typer.Option(
            help="Also a smaller model without this share of channels, such as 0.5.",
            rich_help_panel=PRUNING,
        ),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(help="Image set to fine-tune the smaller model on.", rich_help_panel=PRUNING),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over it; 10.", rich_help_panel=PRUNING)
    ] = None,
    calibration: options.Calibration = None,
    evaluation: Annotated[
        Path | None,
        typer.Option(
            "--eval",
            help="Image set to prove the result on; labels add accuracy. The one that the"
            " calibration set was kept apart from unless given.",
        ),
    ] = None,
    labels: options.ClassNames = None,
    task: options.Task = None,
    preprocessing: MeasuredPreprocessingOptions,
    conversion: ConversionOptions,
    device: DeviceOptions,
    threads: Annotated[int, typer.Option(min=1, help="Threads to time with.")] = 1,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder; MODEL-edge unless given.")
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Convert, quantize, prove, time and package a trained Keras model.

    Exits with 2 when the preprocessing is not known, 4 for bad images, 5 for a bad model, 6 for a
    device that cannot be used, 7 when an accuracy target was missed, 8 when a file is not what was
    asked for.
    """
    from edgevision.api.optimize import optimize as run

    with console.progress_bar() as progress:
        result = run(
            model,
            int8=int8,
            dynamic=dynamic,
            fp16=fp16,
            int16x8=int16x8,
            recipe=recipe or (),
            **asdict(integer),
            **asdict(target),
            prune_channels=prune_channels,
            train=train,
            epochs=epochs,
            calibration=calibration,
            evaluation=evaluation,
            labels=labels,
            task=task,
            preprocessing=preprocessing.given(),
            input_shape=conversion.shape(),
            custom_objects=conversion.custom_objects or (),
            allow_flex=conversion.allow_flex,
            **asdict(device),
            threads=threads,
            output=output,
            overwrite=overwrite,
            progress=progress,
            notify=console.notify,
        )
    if as_json:
        console.print_json(result.to_dict())
    else:
        optimize_table.render(result)
    result.raise_if_missed()
