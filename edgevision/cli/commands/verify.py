"""`edgevision verify`: where a quantized file loses, layer by layer, why, and what would help."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.show import verify_tables


@spread_groups
def verify(
    original: Annotated[
        Path, typer.Argument(metavar="FLOAT", help="The float .tflite.", show_default=False)
    ],
    quantized: Annotated[
        Path,
        typer.Argument(
            metavar="QUANTIZED", help="The .tflite that was made from it.", show_default=False
        ),
    ],
    *,
    data: Annotated[Path, typer.Option(help="Image set.", show_default=False)],
    labels: options.Labels = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="Image set to calibrate the remedies on; half of --data unless given, and "
            "they are measured on the other half."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Layers to name and to find a remedy for.")] = 5,
    limit: Annotated[
        int, typer.Option(min=2, help="Images to look at, spread evenly over the set.")
    ] = 100,
    remedies: Annotated[
        bool,
        typer.Option("--remedies/--no-remedies", help="Quantize again with each, and measure."),
    ] = True,
    task: options.Task = None,
    preprocessing: PreprocessingOptions,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the JSON document here.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the error along the network (.png or .svg).")
    ] = None,
    threads: options.Threads = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Explain a quantized model: error by layer, cause, measured remedy, and answers that flip.

    Preprocessing is what each file's own card says. An option given here replaces it, but not the
    normalization of a quantized input: those integers stand for what they were made to.

    Exits with 2 when the files do not belong together, 4 for bad images, 5 for a bad model.
    """
    from edgevision.api.verify import verify as run

    with console.progress_bar() as progress:
        result = run(
            original,
            quantized,
            data,
            labels=labels,
            calibration=calibration,
            top=top,
            limit=limit,
            remedies=remedies,
            task=task,
            preprocessing=preprocessing.given(),
            plot=plot,
            threads=threads,
            output=output,
            overwrite=overwrite,
            progress=progress,
            notify=console.notify,
        )
    if as_json:
        console.print_json(result.to_dict())
    else:
        verify_tables.render(result)
