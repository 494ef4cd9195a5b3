"""The steps of the quantizer in their order: where a new one is added, and how one is switched.

In this order steps are chosen; those of one kind (`quantize.step`) are done in it too.
"""

from collections.abc import Sequence

from edgevision.errors import UsageError
from edgevision.quantize.assign.score_operators import FLOAT_SCORES
from edgevision.quantize.calibrate.ranges import RANGES
from edgevision.quantize.calibrate.saturation import CLIP_SATURATED
from edgevision.quantize.correct.bias_correction import BIAS_CORRECTION
from edgevision.quantize.correct.weight_rounding import WEIGHT_ROUNDING
from edgevision.quantize.step import Step
from edgevision.quantize.transforms.equalization import EQUALIZATION
from edgevision.quantize.transforms.fast_operators import FAST_OPERATORS
from edgevision.quantize.transforms.fold_constants import FOLD_CONSTANTS
from edgevision.quantize.transforms.fold_normalization import FOLD_NORMALIZATION
from edgevision.quantize.transforms.swish_equalization import SWISH_EQUALIZATION
from edgevision.recipe.recipe import Recipe

STEPS: tuple[Step, ...] = (
    FOLD_CONSTANTS,
    FAST_OPERATORS,
    FOLD_NORMALIZATION,
    FLOAT_SCORES,
    SWISH_EQUALIZATION,
    RANGES,
    CLIP_SATURATED,
    EQUALIZATION,
    WEIGHT_ROUNDING,
    BIAS_CORRECTION,
)


def check_switches(recipe: Recipe, steps: Sequence[Step] = STEPS) -> None:
    """Pass a recipe that switches steps there are.

    >>> check_switches(Recipe(steps={"equalization": "off"}))

    Raises:
        UsageError: it names another one; the message lists those there are.
    """
    names = [step.name for step in steps]
    unknown = [name for name in recipe.steps if name not in names]
    if unknown:
        message = f"the recipe switches the unknown step {unknown[0]!r}; known: {', '.join(names)}"
        raise UsageError(message, hint="steps are switched under [steps], by these names")
