"""Progress as a value that the caller passes: library code reports, only `cli` draws."""

from typing import Protocol


class Progress(Protocol):
    """Called as `progress(done, total, "calibrating")`: `done` of `total` steps of one stage."""

    def __call__(self, done: int, total: int, stage: str, /) -> None:
        """Report that `done` of `total` steps of `stage` are finished."""


def silent(_done: int, _total: int, _stage: str, /) -> None:
    """Report nothing: the default everywhere."""
