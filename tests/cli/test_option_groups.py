from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import (
    MeasuredPreprocessingOptions,
    PreprocessingOptions,
)
from edgevision.errors import UsageError
from edgevision.preprocess.declared import Preprocessing


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    width: Annotated[int, typer.Option(help="Across.", rich_help_panel="The box")] = 1
    tall: Annotated[bool, typer.Option("--tall")] = False


@spread_groups
def draw(name: str, *, before: int = 0, box: Box, after: int = 0) -> None:
    typer.echo(f"{name} {before} {box.width} {box.tall} {after}")


def typed(*words: str) -> str:
    """What `draw` prints for a command line, or what typer says of it."""
    app = typer.Typer()
    app.command()(draw)
    return CliRunner().invoke(app, words).output


def test_the_fields_of_a_group_are_options() -> None:
    assert typed("it", "--width", "7", "--tall", "--after", "2") == "it 0 7 True 2\n"


def test_fields_left_out_have_their_own_defaults() -> None:
    assert typed("it") == "it 0 1 False 0\n"


def test_help_shows_them_where_the_group_stands_and_in_their_panel() -> None:
    text = typed("--help")
    assert text.index("--before") < text.index("--tall") < text.index("--after")
    assert text.index("The box") < text.index("Across.")
    assert "--box" not in text


def test_python_calls_it_with_the_fields_too(capsys: pytest.CaptureFixture[str]) -> None:
    draw("it", width=3)
    assert capsys.readouterr().out == "it 0 3 False 0\n"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(TypeError, match="height"):
        draw("it", height=3)


def test_two_options_of_one_name_are_a_mistake_found_at_once() -> None:
    def twice(*, width: int = 0, box: Box) -> None:
        raise AssertionError

    with pytest.raises(TypeError, match="twice has two options named width"):
        spread_groups(twice)


def test_only_a_command_that_measures_takes_auto() -> None:
    with pytest.raises(UsageError, match="auto is not for this command"):
        PreprocessingOptions(preprocess="auto").declared()
    options = MeasuredPreprocessingOptions(preprocess="auto", fit="letterbox")
    assert options.given() == Preprocessing(preset="auto", fit="letterbox")
