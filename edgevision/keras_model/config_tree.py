"""Walking a Keras configuration: nested objects and lists, read from JSON."""

from collections.abc import Iterator
from typing import Any


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object within `value`, outer before inner, in the order they are written.

    Without recursion, so that a file nested a million deep cannot exhaust the stack.
    """
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            yield current
            waiting.extend(reversed(list(current.values())))
        elif isinstance(current, list):
            waiting.extend(reversed(current))
