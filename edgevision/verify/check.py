"""Holding a written file against what was asked for, by reading the file back."""

from collections.abc import Iterable
from dataclasses import dataclass

from edgevision.errors import VerificationError
from edgevision.quantize.assign.integer_part import FloatOperator
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.arithmetic import Precision
from edgevision.tflite.facts import Facts, OperatorFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a file was meant to be."""

    precision: Precision
    input_type: str | None = None
    """Of every input; None asks for nothing."""
    output_type: str | None = None
    full_integer: bool = False
    """No floating point anywhere, as NPUs want it."""
    kept_float: frozenset[str] = frozenset()
    """Output tensor names of operations left in floating point on purpose."""
    allow_flex: bool = False


def asked_by(
    recipe: Recipe | None, skipped: Iterable[FloatOperator] = (), *, allow_flex: bool = False
) -> Asked:
    """What `recipe` asks of a file, in which the operators `skipped` were left in float.

    A file that is to be full integer may hold none of them: NPUs compute nothing in float.

    Args:
        recipe: None for a float file.
        skipped: operators left in float, with the reason.
        allow_flex: whether the file may need the TensorFlow delegate.

    >>> asked_by(Recipe(input_type="int8", output_type="int8")).full_integer
    True
    """
    if recipe is None:
        return Asked(precision="float32", allow_flex=allow_flex)
    return Asked(
        precision=recipe.precision,
        input_type=recipe.input_type,
        output_type=recipe.output_type,
        full_integer=recipe.is_full_integer,
        kept_float=frozenset(one.tensor for one in skipped),
        allow_flex=allow_flex,
    )


def check_file(facts: Facts, asked: Asked) -> None:
    """Pass a file that is what was asked for.

    Raises:
        VerificationError: it is not; the message names every difference.
    """
    found = differences(facts, asked)
    if found:
        message = f"the file is not what was asked for: {'; '.join(found)}"
        raise VerificationError(message, hint="edgevision inspect FILE --operators shows it all")


def differences(facts: Facts, asked: Asked) -> tuple[str, ...]:
    """Where the file is not what was asked for, one sentence each; empty when it is."""
    found = []
    left_real = [op for op in _real_work(facts) if op.output not in asked.kept_float]
    if facts.precision != asked.precision and not _is_mixed_on_purpose(facts, asked, left_real):
        found.append(f"its precision is {facts.precision}, not {asked.precision}")
        if facts.precision == "mixed" and left_real:
            found.append(f"in floating point: {_listed(left_real)}")
    for role, wanted, tensors in (
        ("input", asked.input_type, facts.inputs),
        ("output", asked.output_type, facts.outputs),
    ):
        found += [
            f"{role} {tensor.name!r} is {tensor.dtype}, not {wanted}"
            for tensor in tensors
            if wanted is not None and tensor.dtype != wanted
        ]
        found += [
            f"{role} {tensor.name!r} is {tensor.dtype} without one scale and zero point"
            for tensor in tensors
            # A float model may take whole numbers as they are: Keras' Input(dtype="uint8").
            if asked.precision in {"int8", "int16x8"}
            and tensor.dtype in {"int8", "uint8", "int16"}
            and tensor.scale is None
        ]
    if asked.full_integer:
        real = [op for op in facts.operators if op.arithmetic in {"float", "hybrid", "conversion"}]
        if real:
            found.append(f"not integer throughout: {_listed(real)}")
    if facts.dynamic_shapes:
        found.append(f"{len(facts.dynamic_shapes)} tensors have no fixed shape")
    if facts.flex and not asked.allow_flex:
        found.append(f"needs the TensorFlow delegate for {', '.join(facts.flex)}")
    return tuple(found)


def _real_work(facts: Facts) -> tuple[OperatorFacts, ...]:
    return tuple(
        operator
        for operator in facts.operators
        if operator.multiply_adds and operator.arithmetic in {"float", "hybrid"}
    )


def _is_mixed_on_purpose(facts: Facts, asked: Asked, left_real: list[OperatorFacts]) -> bool:
    if facts.precision != "mixed" or asked.precision not in {"int8", "int16x8"} or left_real:
        return False
    wanted = "int8" if asked.precision == "int8" else "int16"
    done = {op.arithmetic for op in facts.operators if op.multiply_adds}
    return done - {"float", "hybrid"} == {wanted}


def _listed(operators: list[OperatorFacts]) -> str:
    named = ", ".join(f"{op.name} {op.layer or op.output}" for op in operators[:3])
    return named + (f" and {len(operators) - 3} more" if len(operators) > 3 else "")
