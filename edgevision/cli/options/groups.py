"""Options that belong together, written once as a dataclass and taken by several commands.

    @option_group("How photos become input")
    @dataclass(frozen=True, slots=True, kw_only=True)
    class PreprocessingOptions:
        mean: Annotated[str | None, typer.Option(help="Subtracted from pixels.")] = None
        std: Annotated[str | None, typer.Option(help="What is left is divided by this.")] = None

    @spread_groups
    def evaluate(model: Path, *, preprocessing: PreprocessingOptions) -> None: ...

On the command line, and to a caller in Python, `evaluate` then has the options mean and std, where
`preprocessing` stands; its body gets them as one value. In the help a group is a panel.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from typer.models import OptionInfo

Group = TypeVar("Group")


def option_group(panel: str) -> Callable[[type[Group]], type[Group]]:
    """Put the options of a dataclass into this panel of every help that shows them."""

    def named(group: type[Group]) -> type[Group]:
        for option in inspect.signature(group).parameters.values():
            for declared in getattr(option.annotation, "__metadata__", ()):
                if isinstance(declared, OptionInfo):
                    declared.rich_help_panel = panel
        return group

    return named


def spread_groups(command: Callable[..., None]) -> Callable[..., None]:
    """`command` with each parameter that is a dataclass replaced by the fields of that dataclass.

    Raises:
        TypeError: two of its options have one name.
    """
    groups: dict[str, type] = {}
    spread: dict[str, inspect.Parameter] = {}
    for parameter in inspect.signature(command).parameters.values():
        of_one = [parameter]
        if is_dataclass(parameter.annotation):
            groups[parameter.name] = parameter.annotation  # type: ignore[assignment] # no instance
            of_one = list(inspect.signature(groups[parameter.name]).parameters.values())
        for option in of_one:
            if option.name in spread:
                message = f"{command.__name__} has two options named {option.name}"
                raise TypeError(message)
            spread[option.name] = option

    @functools.wraps(command)
    def with_groups(*arguments: Any, **options: Any) -> None:
        for name, group in groups.items():
            given = {field.name for field in fields(group)} & set(options)
            options[name] = group(**{option: options.pop(option) for option in given})
        command(*arguments, **options)

    # What typer reads to know the options.
    with_groups.__signature__ = inspect.Signature(list(spread.values()))  # type: ignore[attr-defined]
    with_groups.__annotations__ = {option.name: option.annotation for option in spread.values()}
    return with_groups
