"""Tables fit a plain terminal, and break no word where narrower gaps will do."""

import pytest

from edgevision.cli import console


def printed(capsys: pytest.CaptureFixture[str], *cells: str) -> list[str]:
    table = console.new_table(*("x" * len(cell) for cell in cells))
    table.add_row(*cells)
    console.print_table(table)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines() if line.strip()]


@pytest.mark.parametrize("spare", [19, 13, 7, 0])
def test_gaps_give_way_before_words(spare: int, capsys: pytest.CaptureFixture[str]) -> None:
    cells = ["float32.tflite"] + ["9" * 6] * 5 + ["8" * (20 - spare or 1)]
    lines = printed(capsys, *cells)
    assert len(lines) == 3
    assert lines[-1].split() == cells
    assert max(map(len, lines)) <= 80


def test_a_table_that_fits_keeps_its_gaps(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "left", "right")[-1] == " left   right"
