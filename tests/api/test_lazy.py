"""`import edgevision` costs nothing, and every name is there when it is used."""

import subprocess
import sys
import types

import pytest

import edgevision

HEAVY = {"numpy", "tensorflow", "keras", "cv2", "ai_edge_litert", "rich", "typer"}


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def heavy_modules_after(statement: str) -> set[str]:
    return set(run(f"{statement}\nimport sys\nprint(*({HEAVY!r} & set(sys.modules)))").split())


def test_importing_edgevision_loads_nothing_heavy() -> None:
    assert heavy_modules_after("import edgevision; dir(edgevision); edgevision.__doc__") == set()


def test_this_check_can_fail() -> None:
    assert "numpy" in heavy_modules_after("import edgevision; edgevision.ImageSet")


def test_no_function_loads_tensorflow_into_the_process() -> None:
    statement = "import edgevision\nfor name in edgevision.__all__: getattr(edgevision, name)"
    assert not {"tensorflow", "keras"} & heavy_modules_after(statement)


@pytest.mark.parametrize("name", edgevision.__all__)
def test_every_public_name_is_defined_and_described(name: str) -> None:
    value = getattr(edgevision, name)
    assert value.__name__ == name
    assert not isinstance(value, types.ModuleType)
    assert value.__doc__


def test_dir_lists_what_is_public() -> None:
    assert set(dir(edgevision)) == {*edgevision.__all__, "__version__"}


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'edgevision' has no attribute 'optimise'"):
        _ = edgevision.optimise  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["quantize", "bench", "verify"])
def test_a_package_of_the_same_name_does_not_replace_the_function(name: str) -> None:
    before = f"import edgevision; first = edgevision.{name}; import edgevision.{name}"
    after = f"import edgevision.{name}; import edgevision; first = edgevision.{name}"
    for order in (before, after):
        code = f"{order}\nfrom edgevision import {name}\nprint(callable(first), {name} is first)"
        assert run(code).split() == ["True", "True"]


def test_the_package_behind_it_can_still_be_imported_from() -> None:
    code = "import edgevision as ev; ev.quantize; from edgevision.quantize.quantize import quantize"
    assert run(f"{code}\nprint(quantize is ev.quantize)").split() == ["False"]
