"""The task of classifiers: one class an image."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from edgevision.dataset.annotation import Annotation, ClassLabel
from edgevision.errors import ModelError
from edgevision.metrics.divergence import mean_root_bernoulli_kl, mean_root_kl
from edgevision.metrics.signal import noise_share
from edgevision.tasks.answers import Answers
from edgevision.tasks.classification.comparison import agreement_of, paired_top1
from edgevision.tasks.classification.evaluation import evaluate_scores, labels_of
from edgevision.tasks.classification.scores import probabilities, two_columns
from edgevision.tasks.figures import Agreement, Evaluation, Paired
from edgevision.tasks.interface import (
    Condensed,
    FrameSize,
    ModelInterface,
    OutputInterface,
    Outputs,
    listed_shapes,
)
from edgevision.tasks.labels import labels_for
from edgevision.tasks.loss import OutputLoss
from edgevision.tasks.scored import LabelScores, best_items, known_activation
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.facts import Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """One class an image, from one output of scores: `build` makes it.

    One unit decides between two classes and has two scores here, 1 - p and p; p is the sigmoid of
    the unit unless a sigmoid makes it or is declared. Options: `top_k` and `threshold` choose what
    `decode` reports; metrics see every class.
    """

    truth: ClassVar[type[Annotation]] = ClassLabel
    options: ClassVar[tuple[str, ...]] = ("top_k", "threshold")

    spec: TaskSpec
    output: OutputInterface
    activation: Activation | None
    """Of the condensed scores. None: neither file nor card tells, and
    `classification.scores.probabilities` says how the values then decide."""
    names: tuple[str, ...]
    """One a class."""
    top_k: int
    threshold: float

    @classmethod
    def build(cls, spec: TaskSpec, model: ModelInterface) -> Self:
        """The classifier with these labels, activation, `top_k` (5) and `threshold` (0)."""
        spec.refuse_unknown_options(cls.options)
        if len(model.outputs) != 1 or not model.outputs[0].is_vector or not model.outputs[0].size:
            message = (
                f"a classifier has one output with one score for each class; "
                f"this model's outputs are {listed_shapes(model.outputs)}"
            )
            raise ModelError(message, hint="--task tensors takes outputs of any shape")
        output = model.outputs[0]
        activation = known_activation(spec.activation_of(0), output)
        if output.size == 1 and activation == "softmax":
            message = "a softmax over one value is always 1: it tells no classes apart"
            raise ModelError(message, hint="one unit that decides between two needs a sigmoid")
        return cls(
            spec=replace(spec, activations=(activation,)),
            output=output,
            # The two columns of one unit are probabilities of exclusive classes.
            activation=activation if output.size > 1 else "softmax",
            names=labels_for(spec.labels, max(2, output.size)),
            top_k=spec.count("top_k", 5),
            threshold=spec.fraction("threshold", 0.0),
        )

    @property
    def label_count(self) -> int:
        """Classes; two of one unit."""
        return len(self.names)

    def condense(self, outputs: Outputs) -> Condensed:
        """((classes,) scores,): as the model gives them, in two columns for one unit."""
        if self.output.size == 1:
            return Condensed((two_columns(outputs[0], self.spec.activation_of(0)),))
        return Condensed((outputs[0].reshape(-1),))

    def decode(self, condensed: Condensed, frame: FrameSize) -> LabelScores:
        """The `top_k` classes at or above the threshold, best first, with probabilities."""
        scores = probabilities(condensed[0], self.activation)
        items = best_items(scores, self.names, top_k=self.top_k, threshold=self.threshold)
        return LabelScores(frame=frame, items=items)

    def evaluate(self, answers: Answers) -> Evaluation:
        """Top-1, top-5 (of more than five classes) and macro F1; each class; the confusion."""
        labels = labels_of(answers, len(self.names))
        return evaluate_scores(answers.condensed[0], labels, self.names)

    def agreement(self, ours: Answers, reference: Answers) -> Agreement:
        """Share of images with the same top-1 class; mean KL from the reference's scores."""
        return agreement_of(ours, reference, self.activation, self.names)

    def paired(self, ours: Answers, reference: Answers) -> Paired:
        """Top-1 accuracy lost, by McNemar's test and the bootstrap; recall lost by class."""
        labels = labels_of(ours, len(self.names))
        return paired_top1(ours.condensed[0], reference.condensed[0], labels, self.names)

    def losses(self) -> tuple[OutputLoss, ...]:
        """The root of the divergence over logits; the noise where no logits can be had."""
        before = self.output.maker in {"softmax", "sigmoid"}
        known = self.spec.activation_of(0)
        function = noise_share
        if self.output.maker == "softmax" or (known == "logits" and self.output.size > 1):
            function = mean_root_kl
        elif self.output.maker == "sigmoid" or known == "logits":
            function = mean_root_bernoulli_kl
        return (OutputLoss(output=0, before_activation=before, function=function),)
