"""What a person sees: results on stdout, all else on stderr, progress when there is a screen.

Rich is imported when something is drawn, so that `--help` and `--version` stay quick.
"""

import json
import logging
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgevision.progress import Progress, silent

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA_VERSION = 1
"""Of the documents that `--json` prints. A new key keeps it; another meaning of one raises it."""


_NARROWER_GAPS = ((0, 1, 0, 0), (0, 0, 0, 0))
"""Padding of cells: above, right, below, left; a column's divider is one space more."""
_ANY_WIDTH = 10_000


@dataclass(slots=True)
class Settings:
    """How much this process says."""

    quiet: bool = False
    debug: bool = False


settings = Settings()


def configure(*, quiet: bool, debug: bool) -> None:
    """Set how much is said; with `debug` the log goes to stderr."""
    settings.quiet, settings.debug = quiet, debug
    if debug:
        logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")
        # Their debug output is about themselves and drowns ours.
        for noisy in ("h5py", "matplotlib", "asyncio", "tensorflow", "absl"):
            logging.getLogger(noisy).setLevel(logging.INFO)


def note(message: str) -> None:
    """A line on stderr for the person waiting; none with --quiet."""
    if not settings.quiet:
        print(message, file=sys.stderr)  # noqa: T201


def warn(message: str) -> None:
    """A line on stderr that should be read; also with --quiet."""
    print(f"warning: {message}", file=sys.stderr)  # noqa: T201


def notify(severity: str, text: str, /) -> None:
    """What a function of `edgevision.api` has to say, as it says it."""
    (warn if severity == "warning" else note)(text)


def error(message: str, hint: str = "") -> None:
    """What went wrong and what to do, on stderr."""
    print(f"error: {message}", file=sys.stderr)  # noqa: T201
    if hint:
        print(f"hint: {hint}", file=sys.stderr)  # noqa: T201


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON document on stdout; NaN and infinity, which JSON lacks, become null.

    Its first key says which version of our documents it is; one that is also read back from files
    has a version of its own, which stays.
    """
    versioned = {"schema_version": SCHEMA_VERSION, **document}
    print(json.dumps(_finite(versioned), indent=2, ensure_ascii=False))  # noqa: T201


def print_text(text: str = "") -> None:
    """A line of the result on stdout."""
    print(text)  # noqa: T201


def print_table(table: "Table") -> None:
    """A table on stdout; 80 columns when stdout is no terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 80
    console = Console(file=sys.stdout, width=width, highlight=False, markup=False)
    # Narrower gaps before words are broken into lines.
    for gap in _NARROWER_GAPS:
        if console.measure(table, options=console.options.update(width=_ANY_WIDTH)).maximum <= (
            console.width
        ):
            break
        table.padding = gap
    console.print(table)


def new_table(*columns: str, title: str | None = None, left: Sequence[str] = ()) -> "Table":
    """An empty table in our style: first column and those in `left` flush left, numbers right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for index, column in enumerate(columns):
        flush = "left" if index == 0 or column in left else "right"
        table.add_column(column, justify=flush, overflow="fold")  # type: ignore[arg-type]
    return table


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A `Progress` that draws bars with ETA on stderr; draws nothing when stderr is no terminal."""
    if settings.quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
    )
    tasks: dict[str, TaskID] = {}

    def draw(done: int, total: int, stage: str, /) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    with bars:
        yield draw


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
