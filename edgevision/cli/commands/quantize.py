"""`edgevision quantize`: a float `.tflite` to int8, fp16, dynamic or int16x8; no TensorFlow."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.device import DeviceOptions
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.integer import IntegerOptions, TargetOptions
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.show import quantize_lines


@spread_groups
def quantize(
    model: Annotated[Path, typer.Argument(help="A float .tflite file.", show_default=False)],
    *,
    int8: Annotated[
        bool, typer.Option("--int8", help="Full integer: the default when nothing is asked.")
    ] = False,
    dynamic: Annotated[
        bool, typer.Option("--dynamic", help="int8 weights, float activations.")
    ] = False,
    fp16: Annotated[bool, typer.Option("--fp16", help="16-bit float weights.")] = False,
    int16x8: Annotated[
        bool,
        typer.Option("--int16x8", help="16-bit activations, int8 weights; slow on most CPUs."),
    ] = False,
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME|FILE.toml", help="A recipe in place of those.")
    ] = None,
    integer: IntegerOptions,
    target: TargetOptions,
    calibration: options.Calibration = None,
    evaluation: Annotated[
        Path | None,
        typer.Option("--eval", help="Image set that target must hold on; labelled for --max-drop."),
    ] = None,
    labels: options.ClassNames = None,
    task: options.Task = None,
    preprocessing: PreprocessingOptions,
    device: DeviceOptions,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File; MODEL_int8.tflite unless given.")
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Quantize a float .tflite; its card, flags or the calibration set say how pixels go in.

    Exits with 4 for bad images, 5 for a bad model, 6 for a device that cannot be used, 7 when a
    target was missed, 8 when the file is not what was asked for.
    """
    from edgevision.api.quantize import quantize as run

    with console.progress_bar() as progress:
        result = run(
            model,
            int8=int8,
            dynamic=dynamic,
            fp16=fp16,
            int16x8=int16x8,
            recipe=recipe,
            **asdict(integer),
            **asdict(target),
            calibration=calibration,
            evaluation=evaluation,
            labels=labels,
            task=task,
            preprocessing=preprocessing.given(),
            **asdict(device),
            output=output,
            overwrite=overwrite,
            progress=progress,
            notify=console.notify,
        )
    if as_json:
        console.print_json(result.to_dict())
    else:
        quantize_lines.render(result)
    result.raise_if_missed()
