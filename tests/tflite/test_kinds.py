"""The table's column for XNNPACK is what the installed LiteRT does."""

import pytest

from edgevision.bench.operators.delegation import delegation_of
from edgevision.bench.timing.case import Case
from edgevision.quantize.assign import affine
from edgevision.quantize.assign.integer_plan import IntegerPlan
from edgevision.quantize.assign.scales import prescribed_scales
from edgevision.quantize.lower.integer_graph import lower
from edgevision.tflite.graph import Graph
from edgevision.tflite.ops.kinds import kind_of, kinds
from edgevision.tflite.serialize import serialize
from tests.tflite.one_operator import NAMES, one_operator


def is_delegated(graph: Graph, name: str) -> bool:
    found = delegation_of(Case(name=name, model=serialize(graph)))
    assert found is not None
    assert found.taken is not None
    return [op.name for op in graph.operators].index(name) in found.taken


def in_integers(graph: Graph) -> Graph:
    only = frozenset({0})
    scales = {
        t: affine.activation_scales(-1.0, 1.0)
        for t in range(len(graph.tensors))
        if graph.is_float(t) and graph.constant(t) is None
    }
    scales |= prescribed_scales(graph, only, bits=8)
    return lower(graph, IntegerPlan(scales=scales, integer=only))


@pytest.mark.parametrize("name", NAMES)
def test_xnnpack_takes_what_the_table_says(name: str) -> None:
    graph, kind = one_operator(name), kind_of(name)
    assert is_delegated(graph, name) == ("float" in kind.xnnpack)
    if kind.scaling is not None:
        assert is_delegated(in_integers(graph), name) == ("int8" in kind.xnnpack)


def test_every_operator_of_the_table_is_tried() -> None:
    untried = {name for name, kind in kinds().items() if kind.xnnpack or kind.scaling}
    # Its input is four pictures in one batch, which no image network begins with.
    assert untried - set(NAMES) == {"BATCH_TO_SPACE_ND"}
