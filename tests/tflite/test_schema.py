from ai_edge_litert import schema_py_generated as installed

from edgevision.tflite.ops import OPERATORS
from edgevision.tflite.schema import BYTES_PER_ELEMENT, TENSOR_TYPES


def names_of(enumeration: type) -> list[str]:
    """Member names of a generated enumeration, by number."""
    members = {n: name for name, n in vars(enumeration).items() if isinstance(n, int)}
    return [members[n] for n in sorted(members)]


def test_operator_names_are_those_of_the_installed_schema() -> None:
    # The schema only grows at the end: a newer one begins with ours.
    assert names_of(installed.BuiltinOperator)[: len(OPERATORS)] == list(OPERATORS)


def test_type_names_are_those_of_the_installed_schema() -> None:
    found = [name.lower() for name in names_of(installed.TensorType)]
    assert found[: len(TENSOR_TYPES)] == list(TENSOR_TYPES)


def test_every_type_with_a_size_is_a_type() -> None:
    assert set(BYTES_PER_ELEMENT) <= set(TENSOR_TYPES)
