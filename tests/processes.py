"""What becomes of the processes that a test starts."""

import time
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Processes that the main thread of `pid` has started and that are not gone."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until_ended(pids: list[int]) -> None:
    """Return when none of `pids` runs any more."""
    deadline = time.monotonic() + 120
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, "a child outlived its parent"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    # An orphan's remains wait for whoever is process 1 here.
    return state != "Z"
