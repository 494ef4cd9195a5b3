"""`edgevision inspect`: what a `.tflite` really is, ours or a stranger's, without running it."""

from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.show import inspect_facts
from edgevision.cli.show.lines import shown


def inspect(
    model: options.Model,
    *,
    operators: Annotated[
        bool, typer.Option("--operators", help="List every operation, not just every kind.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Show what a .tflite file is: types, scales, arithmetic, cost, needs, and its model card.

    Nothing is run, so any file can be looked at, also one that the runtime here refuses.
    """
    from edgevision.api.inspect import inspect as run

    result = run(model)
    if result.card_error:
        console.warn(f"the model card cannot be read: {shown(result.card_error, 200)}")
    if as_json:
        console.print_json(result.to_dict())
    else:
        inspect_facts.render(result, every_operator=operators)
