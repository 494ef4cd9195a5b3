"""The examples in the docstrings are true, but for those of what `edgevision` offers.

They need models and photos, and `tests/api/test_examples.py` runs them.
"""

import doctest
import importlib
from pathlib import Path

import pytest

import edgevision

PACKAGE = Path(edgevision.__file__).parent
MODULES = [
    ".".join(["edgevision", *path.relative_to(PACKAGE).with_suffix("").parts])
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text() and "import edgevision as ev" not in path.read_text()
]


@pytest.mark.parametrize("name", [name.removesuffix(".__init__") for name in MODULES])
def test_examples_are_true(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed


def test_there_are_examples() -> None:
    assert len(MODULES) > 20
