"""The examples of the docstrings and of docs/python.md do what they show."""

import doctest
import re
from pathlib import Path

import pytest

import edgevision
from tests.api.signatures import FUNCTIONS, PAGE, with_signatures

DESCRIBED = (*FUNCTIONS, "Preprocessing", "Recipe")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def run_examples(text: str, name: str) -> tuple[int, str]:
    """How many examples `text` holds, and what went wrong in them."""
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    told: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    return len(test.examples), "".join(told)


@pytest.mark.parametrize("name", DESCRIBED)
def test_the_example_of_a_docstring_runs(name: str, here: Path) -> None:
    count, failures = run_examples(getattr(edgevision, name).__doc__ or "", name)
    assert count >= 1
    assert not failures, failures


def test_this_check_can_fail() -> None:
    assert "Expected:\n    3\nGot:\n    2" in run_examples(">>> 1 + 1\n3\n", "sum")[1]


def test_the_page_runs_from_top_to_bottom(here: Path) -> None:
    count, failures = run_examples(PAGE.read_text().replace("```", ""), "docs/python.md")
    assert count >= 20
    assert not failures, failures


def test_the_page_has_the_signatures_of_the_code() -> None:
    assert PAGE.read_text() == with_signatures(PAGE.read_text()), (
        "python -m tests.api.signatures writes them anew"
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_its_section(name: str) -> None:
    assert f"<!-- signature: {name} -->" in PAGE.read_text()


def test_every_public_name_is_on_the_page() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.read_text()))
    assert set(edgevision.__all__) - set(FUNCTIONS) <= named


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_docstring_describes_every_parameter(name: str) -> None:
    function = getattr(edgevision, name)
    code = function.__code__
    has_var = bool(code.co_flags & 4)
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + has_var]
    documented = re.findall(r"^ {8}(\w+): ", function.__doc__, re.MULTILINE)
    assert [one for one in parameters if one not in documented] == []
    assert {"Returns:", "Raises:", "Example:"} <= {
        line.strip() for line in function.__doc__.splitlines()
    }
