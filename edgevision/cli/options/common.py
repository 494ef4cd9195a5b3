"""Options that several commands share, with one spelling and one meaning."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads of the runtime; all usable CPUs unless given.")
]
Labels = Annotated[
    Path | None, typer.Option(help="labels.csv (file,label), or class names one a line.")
]
ClassNames = Annotated[Path | None, typer.Option(help="Class names, one a line.")]
Calibration = Annotated[
    Path | None,
    typer.Option(help="Calibration set or any image set; the one under calibration/ unless given."),
]
Task = Annotated[
    str | None,
    typer.Option(
        "--task",
        help="What the outputs mean (classification, multilabel, detection, tensors, or an "
        "installed package's); as the card or the file says unless given.",
    ),
]
Model = Annotated[Path, typer.Argument(help="A .tflite file.", show_default=False)]
