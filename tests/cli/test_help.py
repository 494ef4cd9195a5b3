"""What `--help` shows, and what the documents type, against the commands as they are."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from edgevision.cli import app, run

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / room / "README.md" for room in ("calibration", "benchmarks", "android_demo")),
    ROOT / "tests" / "camera" / "virtual_camera" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)


def commands_in(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that name it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_in(command, (*words, name))
        else:
            yield (*words, name), command


EVERY = dict(commands_in(typer.main.get_command(app)))


def options_of(words: tuple[str, ...]) -> set[str]:
    """All options of a command, with those understood anywhere on a line."""
    named = {name for one in EVERY[words].params for name in (*one.opts, *one.secondary_opts)}
    return named | {"--help", "-h", "--quiet", "--debug"}


def complaints_about(line: str) -> list[str]:
    """What is wrong with a command line of a document."""
    words = shlex.split(line, comments=True)[1:]
    known = next((key for size in (2, 1) if (key := tuple(words[:size])) in EVERY), None)
    if known is None:
        understood = not words or words[0] in {"--help", "--version"}
        return [] if understood else [f"no such command: {' '.join(words[:2])}"]
    declared = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    return [f"{' '.join(known)} has no {option}" for option in sorted(declared - options_of(known))]


def typed_in(text: str) -> list[str]:
    """The lines of a document that begin with edgevision, a continued one as one."""
    joined = re.sub(r"\\\n\s*", " ", text)
    blocks = re.findall(r"(?m)^(?:\$ | *)(edgevision .*)$", joined)
    return blocks + re.findall(r"`(edgevision [^`]+)`", re.sub(r"\s*\n\s*", " ", joined))


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_at_eighty_columns_shows_every_option_whole(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    options = {name for name in options_of(words) if name.startswith("-")}
    for option in options - {"--quiet", "--debug"}:
        assert re.search(rf"{option}\b", shown), option


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_brackets_in_help_are_not_taken_for_markup(words: tuple[str, ...]) -> None:
    from rich.text import Text

    for option in EVERY[words].params:
        declared = getattr(option, "help", None) or ""
        assert Text.from_markup(declared).plain == declared


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_the_documents_exist_with_their_options(document: Path) -> None:
    for line in typed_in(document.read_text()):
        assert not complaints_about(line), line


def test_many_commands_are_found_in_the_documents() -> None:
    assert sum(len(typed_in(document.read_text())) for document in DOCUMENTS) > 40


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("    edgevision optimise m.keras", "no such command: optimise m.keras"),
        ("$ edgevision evaluate m.tflite \\\n    --date x", "evaluate has no --date"),
        ("so `edgevision android\nexport --fat` does", "android export has no --fat"),
    ],
)
def test_this_check_can_fail(text: str, complaint: str) -> None:
    (line,) = typed_in(text)
    assert complaints_about(line) == [complaint]
