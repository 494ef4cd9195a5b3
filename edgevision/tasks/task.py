"""The protocol of tasks: everything that differs between a classifier and a detector is behind it.

A task is a frozen value, built from a declaration (`TaskSpec`) and what the file states
(`ModelInterface`); `registry.build_task` builds one by name. It holds no interpreter and no images,
so that any thread may use it.

    outputs of one image --condense--> Condensed --decode--> Answer        camera, predictor
                                           |
                                        stacked as `Answers`
                                           +--evaluate---> Evaluation     against truth
                                           +--agreement--> Agreement      against the float model
                                           +--paired-----> Paired         both, image by image
"""

from typing import ClassVar, Protocol, Self

from edgevision.dataset.annotation import Annotation, ClassLabel
from edgevision.tasks.answer import Answer
from edgevision.tasks.answers import Answers
from edgevision.tasks.figures import Agreement, Evaluation, Paired
from edgevision.tasks.interface import Condensed, FrameSize, ModelInterface, Outputs
from edgevision.tasks.loss import OutputLoss
from edgevision.tasks.spec import TaskSpec


class Task(Protocol):
    """What a model's outputs mean, and how to measure, draw and compare them."""

    options: ClassVar[tuple[str, ...]]
    """Names of the options that it has (`TaskSpec.options`). One with a "threshold" answers with
    labelled items (`Answer.items`)."""

    @classmethod
    def build(cls, spec: TaskSpec, model: ModelInterface) -> Self:
        """The task that `spec` declares, for a model with these outputs.

        Raises:
            ModelError: the outputs are none that this task can read, or the labels do not fit.
            UsageError: an option is unknown or out of range.
        """

    @property
    def spec(self) -> TaskSpec:
        """The declaration, with what the file told filled in: what a card says of the model."""

    @property
    def truth(self) -> type[Annotation] | None:
        """The form of annotation it is evaluated on; None when nothing can be right or wrong."""

    @property
    def label_count(self) -> int:
        """Labels that it scores, each in every image, in the first array of `Condensed`.

        0 from a task whose outputs are no such scores: the classes of an image set then say
        nothing of its outputs, whatever it makes of them as truth.
        """

    def condense(self, outputs: Outputs) -> Condensed:
        """What is kept of one image's outputs: enough for all below, and small.

        The outputs themselves where they are small (a classifier's scores); the class of each
        pixel of a segmenter, a fixed number of candidate boxes of a detector. Thresholds are not
        applied yet, so that metrics over all thresholds can be had.
        """

    def decode(self, condensed: Condensed, frame: FrameSize) -> Answer:
        """The answer about one picture of that size; cheap enough for every frame of a camera."""

    def evaluate(self, answers: Answers) -> Evaluation:
        """Marks against the truth; vectorized, ten thousand images take a second or two.

        Raises:
            ImageSetError: there is no truth, or it does not fit the model (`Answers.truth_as`).
            UsageError: `truth` is None.
        """

    def agreement(self, ours: Answers, reference: Answers) -> Agreement:
        """How far `ours` are the answers of `reference`, the float model as a rule.

        Both are about the same images and have the same shapes; `evaluation.compare` checks it.
        """

    def paired(self, ours: Answers, reference: Answers) -> Paired:
        """What `ours` lost against `reference` in the headline of `evaluate`, and if by chance.

        Raises:
            ImageSetError: as `evaluate`.
            UsageError: as `evaluate`.
        """

    def losses(self) -> tuple[OutputLoss, ...]:
        """What the quantizer holds down; one for each output that matters."""


def chooses_one_class(task: Task) -> bool:
    """Whether an image's class is right or wrong by the highest of its scores."""
    return task.truth is ClassLabel and task.label_count > 0


def answer_of(task: Task, outputs: Outputs, frame: FrameSize) -> Answer:
    """The answer that one image's outputs mean: what a camera or a predictor calls."""
    return task.decode(task.condense(outputs), frame)
