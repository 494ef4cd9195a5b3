"""The examples in the docstrings of quantizer and recipes are true."""

import doctest
import importlib
import pkgutil

import pytest

PACKAGES = [importlib.import_module(f"edgevision.{name}") for name in ("quantize", "recipe")]
ELSEWHERE = ["edgevision.disjoint_sets", "edgevision.verify.check"]
MODULES = sorted(
    module.name
    for package in PACKAGES
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


@pytest.mark.parametrize("name", [*MODULES, *ELSEWHERE])
def test_examples_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
