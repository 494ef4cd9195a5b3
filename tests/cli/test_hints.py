"""Hints can be typed: the commands and options that our sentences name are there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import edgevision
from edgevision.cli.app import app

PACKAGE = Path(edgevision.__file__).parent

OTHER_PROGRAMS = re.compile(r"\b(pip3? install|venv|rpicam-hello|apt install|systemctl)\b")
"""A hint that is about one of these has options of theirs."""

COMMAND = re.compile(r"(?<![\w./])edgevision ([a-z]+)(?: ([a-z]+))?(?![\w.])([^;\n]*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
API = re.compile(r"(?<![\w.])(?:ev|edgevision)\.([a-z]\w*)\(")


def options_by_command(
    command: Any, path: tuple[str, ...] = (), above: frozenset[str] = frozenset({"--help"})
) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    """Every command by its words, with its options and those of the groups it is in."""
    named = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    yield path, above | named
    for word, inner in getattr(command, "commands", {}).items():
        yield from options_by_command(inner, (*path, word), above | named)


COMMANDS = dict(options_by_command(typer.main.get_command(app)))


def text_of(node: ast.AST) -> str:
    """What a literal says, with "X" for what is filled in; all branches of a choice."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return "X"
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "\n".join(text_of(child) for child in ast.iter_child_nodes(node))


def hints(source: str) -> Iterator[str]:
    """Texts given as `hint=`, and those of the module's constants that are named there."""
    tree = ast.parse(source)
    given = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) if node.arg == "hint"
    ]
    named = {node.id for one in given for node in ast.walk(one) if isinstance(node, ast.Name)}
    constants = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        if any(isinstance(target, ast.Name) and target.id in named for target in node.targets)
    ]
    yield from filter(None, map(text_of, [*given, *constants]))


def untypable(hint: str) -> list[str]:
    """What `hint` names that is not there."""
    wrong: list[str] = []
    every = frozenset[str]().union(*COMMANDS.values())
    for one in COMMAND.finditer(hint):
        first, second, rest = one.groups()
        path = (first, second) if (first, second) in COMMANDS else (first,)
        if path not in COMMANDS:
            wrong.append(f"edgevision {first}")
        else:
            # What follows a comma is about the command that the user has typed.
            typed = rest.partition(",")[0]
            wrong += [name for name in OPTION.findall(typed) if name not in COMMANDS[path]]
    if not OTHER_PROGRAMS.search(hint):
        wrong += [name for name in OPTION.findall(hint) if name not in every]
    wrong += [f"ev.{name}" for name in API.findall(hint) if not hasattr(edgevision, name)]
    return sorted(set(wrong))


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_what_hints_name_is_there(path: Path) -> None:
    assert [(hint, untypable(hint)) for hint in hints(path.read_text()) if untypable(hint)] == []


def test_the_check_reads_the_hints_of_the_package() -> None:
    found = [hint for path in PACKAGE.rglob("*.py") for hint in hints(path.read_text())]
    assert len(found) > 200
    assert sum(bool(COMMAND.search(hint)) for hint in found) > 20
    assert sum(bool(OPTION.search(hint)) for hint in found) > 50


@pytest.mark.parametrize(
    ("hint", "wrong"),
    [
        ("edgevision judge FILE", ["edgevision judge"]),
        ("edgevision inspect FILE --layers", ["--layers"]),
        ("edgevision calibration build X --plot", ["--plot"]),
        ("give --evl", ["--evl"]),
        ("ev.mend(model)", ["ev.mend"]),
        ("edgevision calibration build FOLDER, or give --calibration", []),
        ("pip install --upgrade edgevision", []),
    ],
)
def test_this_check_can_fail(hint: str, wrong: list[str]) -> None:
    assert untypable(hint) == wrong
