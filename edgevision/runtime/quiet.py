"""Keeping what native code writes on stderr (delegate notices) from the user's terminal."""

import os
from contextlib import AbstractContextManager, nullcontext

from edgevision.process_wide import ProcessWide


def quiet_native() -> AbstractContextManager[None]:
    """Point file descriptor 2, which all threads share, at nothing while any is inside."""
    if os.environ.get("EDGEVISION_NATIVE_LOG"):
        return nullcontext()
    return _stderr.changed()


def _turn_away() -> int:
    saved = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    os.close(sink)
    return saved


def _turn_back(saved: int) -> None:
    os.dup2(saved, 2)
    os.close(saved)


_stderr = ProcessWide(_turn_away, _turn_back)
