"""In which numbers each operation of a file computes, and what that makes of the whole file."""

from collections.abc import Iterable, Sequence
from typing import Literal

from edgevision.disjoint_sets import DisjointSets
from edgevision.tflite import ops
from edgevision.tflite.cost import multiply_adds
from edgevision.tflite.ops.kinds import kind_of
from edgevision.tflite.view import Operator, TfliteModel

Arithmetic = Literal["int8", "uint8", "int16", "hybrid", "float", "conversion", "index"]
"""hybrid: float values, integer weights (dynamic range). conversion: QUANTIZE or DEQUANTIZE
between real and integer. index: shapes and positions only."""

Precision = Literal["float32", "fp16", "dynamic", "int8", "uint8", "int16x8", "mixed"]
"""What a file is as a whole."""

INTEGER: frozenset[Arithmetic] = frozenset({"int8", "uint8", "int16"})
_REAL = ("float", "bfloat")
_SMALL_WEIGHTS = frozenset({"int8", "int4", "uint4", "int2"})


def arithmetic_of(operator: Operator, model: TfliteModel) -> Arithmetic:
    """In which numbers `operator` computes, from the types of what it reads and writes."""
    read = [model.tensors[index] for index in operator.inputs if index >= 0]
    written = [model.tensors[index] for index in operator.outputs]
    values = [tensor.dtype for tensor in read if not tensor.is_constant]
    values += [tensor.dtype for tensor in written]
    is_real = any(dtype.startswith(_REAL) for dtype in values)
    if operator.name in ops.CONVERSIONS and is_real:
        return "conversion"
    if is_real:
        weights = {tensor.dtype for tensor in read if tensor.is_constant and tensor.scales}
        is_hybrid = kind_of(operator.name).has_hybrid_kernel and bool(weights & _SMALL_WEIGHTS)
        return "hybrid" if is_hybrid else "float"
    for integers in ("int16", "int8", "uint8"):
        if integers in values and _is_quantized(operator, model, integers):
            return integers
    return "index"


def _is_quantized(operator: Operator, model: TfliteModel, dtype: str) -> bool:
    # A uint8 that no scale turns into a real number is a plain integer.
    indices = [index for index in (*operator.inputs, *operator.outputs) if index >= 0]
    return any(model.tensors[i].dtype == dtype and model.tensors[i].scales for i in indices)


def precision_of(model: TfliteModel) -> Precision:
    """What the file is as a whole, by the operations that do its multiply-adds.

    A file without any is judged by all its computing operations; "mixed" says that some
    multiply-adds are integer and some are real.
    """
    kinds = [arithmetic_of(operator, model) for operator in model.operators]
    heavy = [
        kind
        for kind, operator in zip(kinds, model.operators, strict=True)
        if multiply_adds(operator, model)
    ]
    present = set(heavy) or set(kinds) - {"conversion", "index"}
    if present == {"int8"}:
        return "int8"
    if present == {"uint8"}:
        return "uint8"
    if present == {"int16"}:
        return "int16x8"
    if present and present <= {"hybrid", "float"}:
        if "hybrid" in present:
            return "dynamic"
        return "fp16" if _stores_half_floats(model) else "float32"
    return "mixed" if present else "float32"


def _stores_half_floats(model: TfliteModel) -> bool:
    stored = [tensor for tensor in model.tensors if tensor.is_constant]
    half = sum(tensor.elements for tensor in stored if tensor.dtype in {"float16", "bfloat16"})
    single = sum(tensor.elements for tensor in stored if tensor.dtype == "float32")
    return half > single


def float_islands(model: TfliteModel) -> tuple[tuple[Operator, ...], ...]:
    """Connected groups of operations that compute in floating point inside an integer file.

    Each costs conversions in and out, and an accelerator hands it back to the CPU. A file
    without integer arithmetic has none: it is all sea.
    """
    kinds = [arithmetic_of(operator, model) for operator in model.operators]
    if not INTEGER & set(kinds):
        return ()
    members = [
        operator
        for operator, kind in zip(model.operators, kinds, strict=True)
        if kind in {"float", "hybrid"}
    ]
    return _connected(members, model)


def _connected(
    operators: Sequence[Operator], model: TfliteModel
) -> tuple[tuple[Operator, ...], ...]:
    island_of: dict[int, int] = {}
    islands = DisjointSets(len(operators))
    for number, operator in enumerate(operators):
        for tensor in _values(operator, model):
            if tensor in island_of:
                islands.join(number, island_of[tensor])
            island_of[tensor] = number
    groups: dict[int, list[Operator]] = {}
    for number, operator in enumerate(operators):
        groups.setdefault(islands.find(number), []).append(operator)
    return tuple(tuple(group) for group in groups.values())


def _values(operator: Operator, model: TfliteModel) -> Iterable[int]:
    """Tensors through which an operation is joined to its neighbours: no weights, no shapes."""
    return (
        index
        for index in (*operator.inputs, *operator.outputs)
        if index >= 0
        and not model.tensors[index].is_constant
        and model.tensors[index].dtype.startswith(_REAL)
    )
