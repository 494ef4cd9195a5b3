"""`edgevision evaluate`: how right a model is on annotated images, and how far from another."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.show import evaluate_tables


@spread_groups
def evaluate(
    model: options.Model,
    *,
    data: Annotated[Path, typer.Option(help="Image set.", show_default=False)],
    labels: options.Labels = None,
    against: Annotated[
        Path | None, typer.Option(help="Another .tflite, usually the float one, to compare with.")
    ] = None,
    task: options.Task = None,
    preprocessing: PreprocessingOptions,
    confusion: Annotated[
        Path | None, typer.Option(help="Write the confusion matrix (CSV) here.")
    ] = None,
    overwrite: options.Overwrite = False,
    threads: options.Threads = None,
    as_json: options.Json = False,
) -> None:
    """How right a model is by its task, as accuracy and confusion matrix; --against also agreement.

    Preprocessing is what each model's card says. An option given here replaces it, but not the
    normalization of a quantized input: those integers stand for what they were made to.

    Exits with 4 for bad images or labels, 5 for a bad model.
    """
    from edgevision.api.evaluate import evaluate as run

    with console.progress_bar() as progress:
        result = run(
            model,
            data,
            labels=labels,
            against=against,
            task=task,
            preprocessing=preprocessing.given(),
            confusion=confusion,
            threads=threads,
            overwrite=overwrite,
            progress=progress,
            notify=console.notify,
        )
    if as_json:
        console.print_json(result.to_dict())
    else:
        evaluate_tables.render(result)
