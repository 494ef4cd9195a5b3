"""Keeping what native code writes on stderr (delegate notices) from the user's terminal."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_saved = -1


@contextmanager
def quiet_native() -> Iterator[None]:
    """Point file descriptor 2 at nothing while any thread is inside.

    There is one such descriptor for all threads: the first that enters turns it away and the last
    that leaves turns it back. Were each to save and restore for itself, one would save what
    another had turned away, and the process would be without stderr from then on.
    """
    if os.environ.get("EDGEVISION_NATIVE_LOG"):
        yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _saved  # noqa: PLW0603 - as global as the descriptor
    with _lock:
        if _inside == 0:
            _saved = os.dup(2)
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, 2)
            os.close(sink)
        _inside += 1


def _leave() -> None:
    global _inside  # noqa: PLW0603
    with _lock:
        _inside -= 1
        if _inside == 0:
            os.dup2(_saved, 2)
            os.close(_saved)
