"""`edgevision convert`: a Keras model to a float `.tflite`, and nothing more."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.conversion import ConversionOptions
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.quantities import megabytes

if TYPE_CHECKING:
    from edgevision.convert.convert import ConvertedModel


@spread_groups
def convert(
    model: Annotated[Path, typer.Argument(help="A .keras or .h5 file, or a SavedModel folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .tflite to write.")],
    *,
    conversion: ConversionOptions,
    preprocessing: PreprocessingOptions,
    labels: options.ClassNames = None,
    task: options.Task = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Convert a Keras model to a float .tflite: batch 1, built-in operations, inference only.

    Where it is declared how photos become its input, the file gets a model card that says so.
    """
    from edgevision.api.arguments.images import class_names
    from edgevision.api.arguments.task import declared_task
    from edgevision.convert.convert import convert as convert_model

    declared = preprocessing.declared()
    for line in declared.notes():
        console.note(line)
    with console.progress_bar() as progress:
        converted = convert_model(
            model,
            output,
            input_shape=conversion.shape(),
            custom_objects=tuple(conversion.custom_objects or ()),
            allow_flex=conversion.allow_flex,
            declared=declared,
            labels=class_names(labels),
            task=declared_task(task),
            overwrite=overwrite,
            progress=progress,
        )
    for warning in converted.warnings:
        console.warn(warning)
    if as_json:
        console.print_json(document(converted))
    else:
        render(converted)


def document(converted: "ConvertedModel") -> dict[str, Any]:
    """All of it as JSON values."""
    from edgevision.serialization.encode import to_plain

    return {
        **to_plain(converted),
        "size_bytes": converted.path.stat().st_size,
        "input_shape": list(converted.input_shape),
        "classes": converted.classes,
        "activation": converted.activation,
    }


def render(converted: "ConvertedModel") -> None:
    """The file, every input and output by its name, and how near it is to the model."""
    size = megabytes(converted.path.stat().st_size)
    card = ", with a model card" if converted.has_card else ""
    console.print_text(f"{converted.path}: {size}{card}")
    for given in converted.inputs:
        console.print_text(f"input {given.name}: {_sides(given.shape)} {given.dtype}")
    for made in converted.outputs:
        # A row of numbers without an activation may be logits, an age or a vector: "linear" it is.
        kind = "linear" if made.activation == "logits" else made.activation
        text = f"output {made.name}: {_sides(made.shape)} {made.dtype}"
        console.print_text(text + (f", {kind}" if kind else ""))
    if converted.stripped:
        console.print_text(f"left out (training only): {', '.join(converted.stripped)}")
    if converted.largest_difference is not None:
        console.print_text(
            f"differs from the Keras model by {converted.largest_difference:.1g} of the largest"
            " answer"
        )
    console.note(f"loaded by {converted.loader}, {converted.seconds:.1f} s")


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(str(side) for side in shape)
