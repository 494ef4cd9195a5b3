"""File descriptor 2 comes back, whichever thread leaves first."""

import os
from contextlib import ExitStack

import pytest

from edgevision.runtime.quiet import quiet_native


def say(text: str) -> None:
    os.write(2, text.encode())


def test_what_is_written_inside_is_lost(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_native():
        say("inside")
    say("after")
    assert capfd.readouterr().err == "after"


@pytest.mark.parametrize("first_out", [0, 1])
def test_stderr_is_back_when_the_last_one_leaves(
    first_out: int, capfd: pytest.CaptureFixture[str]
) -> None:
    # What threads do whose times overlap, in one of them.
    stacks = [ExitStack(), ExitStack()]
    for stack in stacks:
        stack.enter_context(quiet_native())
    stacks.pop(first_out).close()
    say("one is still inside")
    stacks.pop().close()
    say("after")
    assert capfd.readouterr().err == "after"


def test_no_descriptor_is_lost() -> None:
    def next_free() -> int:
        free = os.dup(2)
        os.close(free)
        return free

    before = next_free()
    for _ in range(5):
        with quiet_native(), quiet_native():
            pass
    assert next_free() == before


def test_an_error_inside_gives_it_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="oops"), quiet_native():
        raise ValueError("oops")
    say("after")
    assert capfd.readouterr().err == "after"
