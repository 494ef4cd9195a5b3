"""`edgevision convert`: a Keras model to a float `.tflite`, and nothing more."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.errors import UsageError


def convert(
    model: Annotated[Path, typer.Argument(help="A .keras or .h5 file, or a SavedModel folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .tflite to write.")],
    *,
    input_shape: Annotated[
        str | None,
        typer.Option(
            metavar="HxW[xC]",
            help="Input height, width and channels (3 unless given), for a model that leaves"
            " them open.",
        ),
    ] = None,
    custom_objects: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODULE:NAME",
            help="Import this class or function for the model; runs that module's code."
            " May be repeated.",
        ),
    ] = None,
    allow_flex: Annotated[
        bool,
        typer.Option("--allow-flex", help="Accept operations that need TensorFlow on the device."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output if it exists.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Convert a Keras model to a float .tflite: batch 1, built-in operations, inference only."""
    from dataclasses import asdict

    from edgevision.convert.convert import convert as convert_model

    with console.progress_bar() as progress:
        converted = convert_model(
            model,
            output,
            input_shape=None if input_shape is None else parse_shape(input_shape),
            custom_objects=tuple(custom_objects or ()),
            allow_flex=allow_flex,
            overwrite=overwrite,
            progress=progress,
        )
    for warning in converted.warnings:
        console.warn(warning)
    size_bytes = converted.path.stat().st_size
    if as_json:
        fields = asdict(converted)
        console.print_json({**fields, "path": str(converted.path), "size_bytes": size_bytes})
        return
    shape = "x".join(str(side) for side in converted.input_shape)
    console.print_text(f"{converted.path}: {console.megabytes(size_bytes)}, input {shape} float32")
    if converted.classes is not None:
        console.print_text(f"answers: {converted.classes}, {converted.activation}")
    if converted.stripped:
        console.print_text(f"left out (training only): {', '.join(converted.stripped)}")
    if converted.largest_difference is not None:
        console.print_text(
            f"differs from the Keras model by {converted.largest_difference:.1g} of the largest"
            " answer"
        )
    console.note(f"loaded by {converted.loader}, {converted.seconds:.1f} s")


def parse_shape(text: str) -> tuple[int, int, int]:
    """(height, width, channels) of "224x224" or "96x96x1".

    Raises:
        UsageError: the text has another form.
    """
    sides = text.lower().split("x")
    if len(sides) == 2:
        sides.append("3")
    if len(sides) != 3 or not all(
        side.isascii() and side.isdigit() and int(side) for side in sides
    ):
        message = f"--input-shape takes HxW or HxWxC, not {text!r}"
        raise UsageError(message, hint="for example --input-shape 224x224")
    height, width, channels = (int(side) for side in sides)
    return height, width, channels
