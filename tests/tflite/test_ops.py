"""Names, numbers and the table of operators; nobody else writes an operator's name."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgevision
from edgevision.tflite import ops
from edgevision.tflite.ops.kinds import kind_of, kinds
from edgevision.tflite.ops.versions import LITERT, litert_versions

PACKAGE = Path(edgevision.__file__).parent


def operator_names_in(source: str) -> Iterator[str]:
    """Strings in Python `source` that are the name of an operator."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in ops.OPERATORS:
            yield f"{node.value} in line {node.lineno}"


def test_operators_are_named_in_ops_alone() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix(): names
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent != PACKAGE / "tflite" / "ops"
        if (names := list(operator_names_in(path.read_text())))
    }
    assert found == {}


def test_a_name_written_elsewhere_would_be_found() -> None:
    source = 'if op.name in {"DEPTHWISE_CONV_2D", "other"}:\n    pass'
    assert list(operator_names_in(source)) == ["DEPTHWISE_CONV_2D in line 1"]


def test_each_constant_is_its_own_name() -> None:
    constants = {name: value for name, value in vars(ops).items() if name in ops.OPERATORS}
    assert len(constants) > 60
    assert all(name == value for name, value in constants.items())


def test_names_and_codes_are_inverse_also_where_the_schema_is_older() -> None:
    assert [ops.code_of(ops.name_of(code)) for code in (0, 3, 126, 150, 999)] == [
        *(0, 3, 126, 150, 999)
    ]


def test_the_table_needs_the_standard_library_alone() -> None:
    program = (
        "import sys, edgevision.tflite.ops.kinds, edgevision.tflite.ops.versions\n"
        "print(*{'numpy', 'flatbuffers', 'ai_edge_litert'} & set(sys.modules))"
    )
    reply = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert reply.stdout.strip() == ""


@pytest.mark.parametrize("name", kinds())
def test_every_kernel_is_in_a_litert_that_is_known(name: str) -> None:
    _, highest = litert_versions(max(LITERT))[name]
    kind = kind_of(name)
    assert max(kind.int8_version, kind.int16_version, kind.dynamic_version) <= highest


def test_an_operator_beyond_the_table_stays_float() -> None:
    kind = kind_of("FlexErf")
    assert (kind.scaling, kind.multiply_adds, kind.xnnpack) == (None, None, frozenset())
