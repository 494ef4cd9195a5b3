"""Facts as lines of text that fit a plain terminal, whatever a stranger's file calls its parts."""

import textwrap

from edgevision.cli import console

_WIDTH = 80
_LABEL_WIDTH = 15


def shown(text: str, width: int) -> str:
    """`text` made safe for a terminal and at most `width` wide, shortened in the middle."""
    safe = "".join(character if character.isprintable() else "?" for character in text)
    if len(safe) <= width:
        return safe
    head = (width - 3) // 2
    return f"{safe[:head]}...{safe[len(safe) - (width - 3 - head) :]}"


def print_fact(name: str, text: str) -> None:
    """One fact, its name in a column of its own, wrapped to the width of a plain terminal."""
    if len(name) >= _LABEL_WIDTH:
        console.print_text(shown(name, _WIDTH))
        name = ""
    lines = textwrap.wrap(text, _WIDTH - _LABEL_WIDTH, break_on_hyphens=False) or [""]
    for line in lines:
        console.print_text(f"{name:<{_LABEL_WIDTH}}{line}")
        name = ""


def short_count(number: int) -> str:
    """A count for people: "300.77 M", "12.40 k", "96"."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.2f} {unit}"
    return str(number)
