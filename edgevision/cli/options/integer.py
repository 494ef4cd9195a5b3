"""Options of integer files that `optimize` and `quantize` share: interface, quality, target."""

from dataclasses import dataclass
from typing import Annotated

import typer

from edgevision.cli.options.groups import option_group


@option_group("Integer files")
@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerOptions:
    """What the command line says of integer files; the recipe says the rest, and checks it."""

    full_integer: Annotated[
        bool,
        typer.Option("--full-integer", help="int8 input and output as well, for NPUs."),
    ] = False
    input_type: Annotated[
        str | None,
        typer.Option(metavar="TYPE", help="uint8 (raw pixels), int8 or float32."),
    ] = None
    output_type: Annotated[
        str | None,
        typer.Option(metavar="TYPE", help="float32, int8 or uint8."),
    ] = None
    quality: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="How long to try: fast, balanced (the default) or best."),
    ] = None
    never_slower: Annotated[
        bool,
        typer.Option(
            help="With --on: time int8 against float there; leave in float what is faster so,"
            " or say why not."
        ),
    ] = True


@option_group("What int8 must keep")
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """The accuracy that an integer file must reach, with as few layers in float as that takes."""

    min_agreement: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            metavar="PERCENT",
            help="Of the images, that must get the float model's answer.",
        ),
    ] = None
    max_drop: Annotated[
        float | None,
        typer.Option(
            min=0, max=100, metavar="POINTS", help="Of top-1 (the task's headline), lost at most."
        ),
    ] = None
