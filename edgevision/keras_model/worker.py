"""The child process in which TensorFlow runs, from the inside: see `child`."""

import ctypes
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import cached_property
from typing import Any, NoReturn

from edgevision.errors import EdgeVisionError
from edgevision.keras_model.messages import error_to_plain


class Parent:
    """Who started this process: the request, and a line to say things on."""

    def __init__(self) -> None:
        """Take standard output for the parent; what others write to it joins standard error."""
        self._lines = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)

    @cached_property
    def request(self) -> str:
        """What is to be done; waits for it."""
        return sys.stdin.readline()

    def say(self, **what: Any) -> None:
        """Tell the parent something, as JSON values."""
        print(json.dumps(what), file=self._lines)

    def ask(self, **what: Any) -> Any:
        """Tell the parent something and wait for what it answers."""
        self.say(**what)
        return json.loads(sys.stdin.readline())


def serve_and_end(work: Callable[[Parent], dict[str, Any]]) -> NoReturn:
    """Do `work`, say what it returns, or the error, and end the process."""
    code = _serve(work)
    sys.stderr.flush()
    # TensorFlow's tidying up takes most of a second, and all it tidies ends with the process.
    os._exit(code)


def _serve(work: Callable[[Parent], dict[str, Any]]) -> int:
    _die_with_parent()
    parent = Parent()
    try:
        result = work(parent)
    except EdgeVisionError as error:
        traceback.print_exc()
        result = {"error": error_to_plain(error)}
    except MemoryError:
        traceback.print_exc()
        # As a shell says that the kernel took the process for lack of memory.
        return 137
    parent.say(**result)
    return 0


def _die_with_parent() -> None:
    """Ask Linux to end this process when the parent is killed, so that none is left behind."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
