"""The options of timing files on a device; shared by commands that choose by what they time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli.options.groups import option_group


@option_group("Where files are timed")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOptions:
    """The machine on which files are timed, and how to get at it."""

    on: Annotated[
        str | None,
        typer.Option(
            metavar="TARGET",
            help="The device, whose times decide: local (this machine),"
            " ssh://user@host:port/python (the last two as needed), adb:SERIAL.",
        ),
    ] = None
    ssh_config: Annotated[Path | None, typer.Option(help="For ssh, as its -F.")] = None
    benchmark_model: Annotated[Path | None, typer.Option(help="TFLite's native tool, for adb.")] = (
        None
    )
