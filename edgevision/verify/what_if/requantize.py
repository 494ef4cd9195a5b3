"""Making a quantized file again with one thing changed, to see what that does."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from edgevision.dataset.imageset import ImageSet
from edgevision.evaluation.run_file import answers_of, task_of_twin
from edgevision.preprocess.pixels import to_pixels
from edgevision.quantize.quantize import quantize
from edgevision.recipe.recipe import InputType, OutputType, Recipe
from edgevision.tasks.answers import Answers
from edgevision.tasks.task import Task
from edgevision.tensors import Pixels
from edgevision.tflite.arithmetic import precision_of
from edgevision.tflite.view import TfliteModel
from edgevision.verify.layers.snapshot import File
from edgevision.verify.what_if.remedy import Change, Trial

_KINDS = frozenset({"int8", "uint8", "int16x8", "mixed"})


def trial_of(
    original: File,
    quantized: File,
    *,
    calibration: ImageSet,
    measured: ImageSet,
    task: Task,
    threads: int = 1,
) -> Trial:
    """A function that quantizes `original` as `quantized` was, with a change, and runs the result.

    `task` says what the outputs mean. The quantized file must have no `obstacle`.
    """
    base = _recipe_like(quantized.model)

    def images() -> Iterator[Pixels]:
        return (to_pixels(calibration.load(item), original.preprocessing) for item in calibration)

    def trial(change: Change) -> Answers:
        recipe = replace(
            base,
            ranges=change.ranges or base.ranges,
            equalization="on" if change.equalization else base.equalization,
            float_operators=change.float_operators,
        )
        made = quantize(
            original.content,
            preprocessing=original.preprocessing,
            images=images,
            recipe=recipe,
            total=len(calibration),
        )
        return answers_of(
            made.content,
            made.preprocessing,
            task_of_twin(task, made.content, made.preprocessing),
            measured,
            threads=threads,
        )

    return trial


def obstacle(model: TfliteModel) -> str | None:
    """Why no remedy can be tried on a file like `model`; None when they can."""
    kind = precision_of(model)
    if kind not in _KINDS:
        return f"the file is {kind}, and remedies are for int8 and int16x8"
    for side in (model.inputs, model.outputs):
        dtypes = sorted({model.tensors[index].dtype for index in side})
        if len(dtypes) > 1 or dtypes[0] not in {"float32", "int8", "uint8"}:
            return f"the file has {' and '.join(dtypes)} at its ends"
    return None


def _recipe_like(model: TfliteModel) -> Recipe:
    """Our recipe with the precision and the interface of `model`, which has no `obstacle`."""
    return Recipe(
        # Each try is to cost seconds, and nothing else than the change is to differ.
        quality="fast",
        precision="int16x8" if precision_of(model) == "int16x8" else "int8",
        input_type=cast("InputType", model.tensors[model.inputs[0]].dtype),
        output_type=cast("OutputType", model.tensors[model.outputs[0]].dtype),
    )
