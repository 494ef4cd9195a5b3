"""`edgevision convert`: a Keras model to a float `.tflite`, and nothing more."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.conversion import ConversionOptions
from edgevision.cli.options.groups import spread_groups


@spread_groups
def convert(
    model: Annotated[Path, typer.Argument(help="A .keras or .h5 file, or a SavedModel folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .tflite to write.")],
    *,
    conversion: ConversionOptions,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Convert a Keras model to a float .tflite: batch 1, built-in operations, inference only."""
    from dataclasses import asdict

    from edgevision.convert.convert import convert as convert_model

    with console.progress_bar() as progress:
        converted = convert_model(
            model,
            output,
            input_shape=conversion.shape(),
            custom_objects=tuple(conversion.custom_objects or ()),
            allow_flex=conversion.allow_flex,
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
