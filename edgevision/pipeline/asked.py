"""What a file was asked to be, from its recipe: `quantize` and `optimize` hold files against it."""

from collections.abc import Iterable

from edgevision.quantize.assign.integer_part import FloatOperator
from edgevision.recipe.recipe import Recipe
from edgevision.verify.check import Asked


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
