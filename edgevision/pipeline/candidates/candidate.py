"""A `.tflite` on its way into the folder: its content, and what it answered on the photos."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgevision.evaluation.run_file import answers_on
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.quantize.assign.integer_part import FloatOperator
from edgevision.quantize.search.accuracy_target import TargetSearch
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.session_pool import SessionPool
from edgevision.tasks.answers import Answers
from edgevision.tasks.figures import Evaluation
from edgevision.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One file before it is packaged."""

    name: str
    """File name without ending."""
    content: bytes
    preprocessing: ImagePreprocessing
    """Preprocessing of this file."""
    recipe: Recipe | None
    """None for the float file."""
    answers: Answers
    evaluation: Evaluation | None = None
    """Of a float file; None without the truth that its task is evaluated on."""
    skipped: Sequence[FloatOperator] = ()
    """Operations left in floating point, with the reason."""
    reached: TargetSearch | None = None
    """The search for the accuracy target; None without one."""


def answers_of(
    task: Task,
    content: bytes,
    preprocessing: ImagePreprocessing,
    photos: PixelStore,
    *,
    progress: Progress = silent,
    stage: str = "running",
) -> Answers:
    """What `task` keeps of the outputs of the model in `content` on `photos`.

    Raises:
        ModelError: the model does not take one image, or answers with a NaN.
        ImageSetError: an image cannot be decoded.
    """
    with SessionPool(content) as pool:
        pictures = photos.with_frames(progress, stage)
        return answers_on(pool, preprocessing, task, photos.images, pictures)
