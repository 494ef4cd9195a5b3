"""The options by which a command line says how a model wants its pixels; shared by commands."""

from typing import Annotated

import typer

Preprocess = Annotated[
    str | None,
    typer.Option(
        "--preprocess",
        metavar="NAME|FILE.toml|auto",
        help="How the model was trained to see pixels: a preset, or a TOML file. "
        "An unknown name lists the presets.",
        show_default=False,
    ),
]
Mean = Annotated[
    str | None,
    typer.Option(
        "--mean",
        metavar="X[,X,X]",
        help="Subtracted from pixels 0-255; one number, or one a channel.",
        show_default=False,
    ),
]
Std = Annotated[
    str | None,
    typer.Option(
        "--std", metavar="X[,X,X]", help="What is left is divided by this.", show_default=False
    ),
]
Fit = Annotated[
    str | None,
    typer.Option(
        "--fit",
        metavar="stretch|center-crop|letterbox",
        help="How a photo of another shape is fitted. Default: stretch.",
        show_default=False,
    ),
]
CropFraction = Annotated[
    float | None,
    typer.Option(
        "--crop-fraction",
        help="Side of the centre crop as a share of the largest, such as 0.875.",
        show_default=False,
    ),
]
Color = Annotated[
    str | None,
    typer.Option(
        "--color",
        metavar="rgb|bgr|gray",
        help="Order of the channels the model takes. Default: the preset's.",
        show_default=False,
    ),
]
