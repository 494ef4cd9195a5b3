"""The options of reading a Keras model and converting it; shared by commands that do."""

from dataclasses import dataclass
from typing import Annotated

import typer

from edgevision.cli.options.groups import option_group
from edgevision.errors import UsageError


@option_group("The Keras model")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionOptions:
    """What the model file does not say itself."""

    input_shape: Annotated[
        str | None,
        typer.Option(
            metavar="HxW[xC]",
            help="Input height, width and channels (3 unless given), where it leaves them open.",
        ),
    ] = None
    custom_objects: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODULE:NAME",
            help="Import this class or function for it; runs that module's code. Repeatable.",
        ),
    ] = None
    allow_flex: Annotated[
        bool,
        typer.Option("--allow-flex", help="Accept operations that need TensorFlow on the device."),
    ] = False

    def shape(self) -> tuple[int, int, int] | None:
        """(height, width, channels) that was said.

        Raises:
            UsageError: it has another form.
        """
        return None if self.input_shape is None else parse_shape(self.input_shape)


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
