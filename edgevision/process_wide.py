"""Changes to the whole process that several threads may want at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Before = TypeVar("Before")


class ProcessWide(Generic[Before]):
    """Something that the process has once, changed while any thread is inside `changed`.

    The first thread that enters changes it and the last that leaves puts it back. Were each to
    save and restore for itself, one would save what another had changed, and it would stay so.
    """

    def __init__(self, change: Callable[[], Before], restore: Callable[[Before], None]) -> None:
        """`change` gives what `restore` needs to put it back."""
        self._change, self._restore = change, restore
        self._lock = threading.Lock()
        self._before: list[Before] = []
        self._inside = 0

    @contextmanager
    def changed(self) -> Iterator[None]:
        """Change it for as long as the block runs."""
        with self._lock:
            if self._inside == 0:
                self._before = [self._change()]
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    self._restore(self._before.pop())
