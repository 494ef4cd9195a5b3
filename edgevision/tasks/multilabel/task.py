"""The task of multi-label models: every label is a decision of its own."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.annotation import Annotation, ClassLabels
from edgevision.errors import ModelError, UsageError
from edgevision.metrics.divergence import mean_root_bernoulli_kl
from edgevision.metrics.probability import sigmoid
from edgevision.metrics.signal import noise_share
from edgevision.tasks.answers import Answers
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
from edgevision.tasks.multilabel.comparison import agreement_of, paired_ap
from edgevision.tasks.multilabel.evaluation import evaluate_decisions, truth_of
from edgevision.tasks.scored import LabelScores, best_items, known_activation
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.facts import Activation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MultiLabel:
    """Any number of labels an image, from one output of independent scores: `build` makes it.

    Options: `threshold`, from which a label counts as found: one number, or one for each label;
    `top_k`, how many of those found `decode` reports.
    """

    truth: ClassVar[type[Annotation]] = ClassLabels
    options: ClassVar[tuple[str, ...]] = ("threshold", "top_k")

    spec: TaskSpec
    output: OutputInterface
    activation: Activation
    names: tuple[str, ...]
    """One a label."""
    top_k: int
    threshold: NDArray[np.float32]
    """(labels,)"""

    @classmethod
    def build(cls, spec: TaskSpec, model: ModelInterface) -> Self:
        """The model with these labels, activation, `threshold` (0.5) and `top_k` (all).

        An activation that neither the file nor the declaration tells is taken for logits.
        """
        spec.refuse_unknown_options(cls.options)
        if len(model.outputs) != 1 or not model.outputs[0].is_vector or not model.outputs[0].size:
            message = (
                f"a multi-label model has one output with one score for each label; "
                f"this model's outputs are {listed_shapes(model.outputs)}"
            )
            raise ModelError(message, hint="--task tensors takes outputs of any shape")
        output = model.outputs[0]
        activation = known_activation(spec.activation_of(0), output) or "logits"
        if activation == "softmax":
            message = "a softmax shares one whole among its classes: its labels exclude each other"
            raise ModelError(message, hint="--task classification")
        if spec.labels and len(spec.labels) != output.size:
            message = f"there are {len(spec.labels)} labels for {output.size} scores"
            raise ModelError(message, hint="give the right list with --labels")
        return cls(
            spec=replace(spec, activations=(activation,)),
            output=output,
            activation=activation,
            names=labels_for(spec.labels, output.size),
            top_k=spec.count("top_k", output.size),
            threshold=_thresholds(spec, output.size),
        )

    @property
    def label_count(self) -> int:
        """Labels."""
        return len(self.names)

    def condense(self, outputs: Outputs) -> Condensed:
        """((labels,) probabilities,)."""
        scores = outputs[0].reshape(-1)
        return Condensed((sigmoid(scores) if self.activation == "logits" else scores,))

    def decode(self, condensed: Condensed, frame: FrameSize) -> LabelScores:
        """The labels found, best first."""
        scores = np.where(condensed[0] >= self.threshold, condensed[0], -1)
        items = best_items(scores, self.names, top_k=self.top_k, threshold=0)
        return LabelScores(frame=frame, items=items)

    def evaluate(self, answers: Answers) -> Evaluation:
        """Macro average precision, F1 of the decisions, and the figures of each label."""
        p, truth = answers.condensed[0], truth_of(answers, len(self.names))
        return evaluate_decisions(p, p >= self.threshold, truth, self.names)

    def agreement(self, ours: Answers, reference: Answers) -> Agreement:
        """Share of decisions, label by label, that are the reference's."""
        return agreement_of(ours, reference, self.threshold, self.names)

    def paired(self, ours: Answers, reference: Answers) -> Paired:
        """Macro average precision lost, by the bootstrap; average precision lost by label."""
        truth = truth_of(ours, len(self.names))
        return paired_ap(ours.condensed[0], reference.condensed[0], truth, self.names)

    def losses(self) -> tuple[OutputLoss, ...]:
        """The root of the labels' summed divergences over logits; else the noise."""
        before = self.output.maker == "sigmoid"
        function = mean_root_bernoulli_kl if before or self.activation == "logits" else noise_share
        return (OutputLoss(output=0, before_activation=before, function=function),)


def _thresholds(spec: TaskSpec, labels: int) -> NDArray[np.float32]:
    given = spec.options.get("threshold", 0.5)
    if not isinstance(given, list | tuple):
        return np.full(labels, spec.fraction("threshold", 0.5), np.float32)
    if len(given) != labels:
        message = f"there are {len(given)} thresholds for {labels} labels"
        raise UsageError(message, hint="give one for all, or one for each label")
    each = [spec.with_options(threshold=one).fraction("threshold", 0.5) for one in given]
    return np.asarray(each, np.float32)
