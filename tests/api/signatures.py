"""The signatures in docs/python.md; `python -m tests.api.signatures` writes them anew."""

import inspect
import re
from pathlib import Path

import edgevision

PAGE = Path(__file__).parents[2] / "docs" / "python.md"

FUNCTIONS = tuple(
    name for name in edgevision.__all__ if inspect.isfunction(getattr(edgevision, name))
)

_BLOCK = re.compile(r"(?<=<!-- signature: )(\w+)( -->\n)```text\n.*?```\n", re.DOTALL)


def signature_of(name: str) -> str:
    """How the function is called, wrapped for the page: names and defaults, without types."""
    parameters = inspect.signature(getattr(edgevision, name)).parameters.values()
    words: list[str] = []
    is_keyword = False
    for one in parameters:
        if one.kind is one.KEYWORD_ONLY and not is_keyword and not words[-1].startswith("*"):
            words.append("*")
        is_keyword = one.kind is one.KEYWORD_ONLY
        default = "" if one.default is one.empty else f"={_shown(one.default)}"
        words.append(f"{'*' * (one.kind is one.VAR_POSITIONAL)}{one.name}{default}")
    lines, indent = [f"{name}("], " " * (len(name) + 1)
    for number, word in enumerate(words):
        end = ")" if number == len(words) - 1 else ", "
        if len(lines[-1]) + len(word) + 1 > 96:
            lines[-1] = lines[-1].rstrip()
            lines.append(indent)
        lines[-1] += word + end
    return "\n".join(lines)


def _shown(default: object) -> str:
    return getattr(default, "__name__", repr(default))


def with_signatures(text: str) -> str:
    """The page with each signature as the code has it."""
    return _BLOCK.sub(
        lambda found: f"{found[1]}{found[2]}```text\n{signature_of(found[1])}\n```\n", text
    )


if __name__ == "__main__":
    PAGE.write_text(with_signatures(PAGE.read_text()))
