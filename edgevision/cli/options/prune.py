"""What `edgevision prune` is to remove and how to choose it."""

from dataclasses import dataclass
from typing import Annotated

import typer

from edgevision.cli.options.groups import option_group


@option_group("What to remove")
@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalOptions:
    """What to remove: one of these."""

    channels: Annotated[
        float | None,
        typer.Option(help="Share of every layer's channels, such as 0.5."),
    ] = None
    macs: Annotated[float | None, typer.Option(help="Share of the multiply-adds.")] = None
    params: Annotated[float | None, typer.Option(help="Share of the parameters.")] = None
    latency: Annotated[
        float | None,
        typer.Option(help="Share of the measured int8 latency."),
    ] = None
    sparsity: Annotated[
        float | None,
        typer.Option(help="Instead: share of weights to set to zero."),
    ] = None
    two_of_four: Annotated[
        bool,
        typer.Option("--two-of-four", help="Instead: 2 zeros in 4."),
    ] = False


@option_group("How to choose it")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOptions:
    """How to choose it; None where `edgevision.compress.plan` has its own value."""

    keep: Annotated[
        list[str] | None,
        typer.Option(help="Layer name or pattern (block1_*) that stays as wide; repeatable."),
    ] = None
    importance: Annotated[str | None, typer.Option(help="l1, l2, bn, taylor or random.")] = None
    ranking: Annotated[
        str | None,
        typer.Option(help="layer: each gives its share. global: all compete."),
    ] = None
    round_to: Annotated[int | None, typer.Option(help="Widths are multiples of this; 8.")] = None
