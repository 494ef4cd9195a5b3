"""One training step, and one look at the held-out images, on one device or several."""

from typing import Any

import keras
import numpy as np

from edgevision.compress.finetune.distillation import Answer, distance, label_loss
from edgevision.compress.finetune.examples import Examples, Indices
from edgevision.compress.finetune.training import Weights
from edgevision.compress.graph.removal import rebuild
from edgevision.compress.graph.trace import trace
from edgevision.compress.prune import Feature
from edgevision.tensors import FloatArray


def strategy_for_devices() -> Any:
    """TensorFlow's strategy for all GPUs there are; for the CPU, one that does nothing special."""
    import tensorflow as tf

    devices = tf.config.list_logical_devices("GPU")
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


class Learner:
    """Copies of both models where the training happens, and the optimizer's state."""

    def __init__(
        self,
        student: Any,
        teacher: Any,
        *,
        answers: tuple[Answer, ...],
        has_labels: bool,
        weights: Weights,
        feature: Feature | None,
        learning_rate: float,
        total_steps: int,
        strategy: Any = None,
    ) -> None:
        """Copy the models onto the devices of `strategy`; all GPUs unless given."""
        self._answers = answers
        self._has_labels = has_labels
        self._is_classifier = len(answers) == 1 and answers[0] in {"softmax", "logits"}
        self._weights = weights
        self._feature = feature
        self._strategy = strategy if strategy is not None else strategy_for_devices()
        with self._strategy.scope():
            # Variables live where they are made, so both models are made again here.
            self.student = rebuild(trace(student), changes={}, cuts={})
            self.student.trainable = True
            self._teacher = rebuild(trace(teacher), changes={}, cuts={})
            schedule = _rising_then_falling(learning_rate, total_steps)
            self.optimizer = keras.optimizers.Adam(schedule)
            self.optimizer.build(self.student.trainable_variables)
        self._student_tap = _with_feature(self.student, feature)
        self._teacher_tap = _with_feature(self._teacher, feature)
        self._train = self._compiled()

    @property
    def score_name(self) -> str:
        """What `score` returns."""
        if not self._is_classifier:
            return "negative error"
        return "accuracy" if self._has_labels else "agreement"

    @property
    def variables(self) -> list[Any]:
        """All that changes in training: weights, random states, the optimizer's memory."""
        return [*self.student.variables, *self.optimizer.variables]

    def step(self, batch: FloatArray, labels: Indices | None) -> float:
        """Train on one batch; its loss."""
        count = self._strategy.num_replicas_in_sync
        if labels is None or not self._has_labels:
            labels = np.zeros(len(batch), np.int64)
        shares = [slice(i, None, count) for i in range(count)]
        values = tuple(
            self._strategy.experimental_distribute_values_from_function(
                lambda context, array=array: array[shares[context.replica_id_in_sync_group]]
            )
            if count > 1
            else array
            for array in (batch, labels)
        )
        return float(self._train(*values))

    def score(self, examples: Examples, indices: Indices, batch_size: int) -> float:
        """How good the student is on these images; higher is better, see `score_name`."""
        total = 0.0
        for start in range(0, len(indices), batch_size):
            chosen = indices[start : start + batch_size]
            batch = examples.batch(chosen)
            ours = keras.tree.flatten(self.student(batch, training=False))
            if self._is_classifier:
                found = np.asarray(ours[0]).argmax(-1)
                if self._has_labels and examples.labels is not None:
                    wanted = examples.labels[chosen]
                else:
                    wanted = np.asarray(self._teacher(batch, training=False)).argmax(-1)
                total += float((found == wanted).sum())
            else:
                theirs = keras.tree.flatten(self._teacher(batch, training=False))
                total -= len(chosen) * float(self._distance(ours, theirs))
        return total / len(indices)

    def _distance(self, ours: list[Any], theirs: list[Any]) -> Any:
        pairs = zip(ours, theirs, self._answers, strict=False)
        temperature = self._weights.temperature
        return sum(distance(a, b, answer, temperature) for a, b, answer in pairs)

    def _loss(self, batch: Any, labels: Any) -> Any:
        theirs = keras.tree.flatten(self._teacher_tap(batch, training=False))
        ours = keras.tree.flatten(self._student_tap(batch, training=True))
        share = self._weights.teacher if self._has_labels else 1.0
        loss = share * self._distance(ours, theirs) if share else 0.0
        if share < 1:
            loss += (1 - share) * label_loss(ours[0], labels, self._answers[0])
        if self._feature is not None:
            wanted = keras.ops.take(theirs[-1], self._feature.channels, axis=-1)
            scale = keras.ops.mean(keras.ops.square(wanted)) + 1e-12
            difference = keras.ops.mean(keras.ops.square(ours[-1] - wanted)) / scale
            loss += self._weights.features * difference
        return loss

    def _compiled(self) -> Any:
        import tensorflow as tf

        count = self._strategy.num_replicas_in_sync

        def on_one_device(batch: Any, labels: Any) -> Any:
            with tf.GradientTape() as tape:
                loss = self._loss(batch, labels)
                # The optimizer adds up what the devices found.
                scaled = loss / count
            variables = self.student.trainable_variables
            self.optimizer.apply(tape.gradient(scaled, variables), variables)
            return loss

        def everywhere(batch: Any, labels: Any) -> Any:
            if count == 1:
                return on_one_device(batch, labels)
            losses = self._strategy.run(on_one_device, (batch, labels))
            return self._strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)

        return tf.function(everywhere, reduce_retracing=True)


def _rising_then_falling(highest: float, total_steps: int) -> Any:
    """The learning rate by step.

    The optimizer does not know yet how large gradients are when it begins: full steps would undo
    the refit, and what the layers knew before it.
    """
    rising = total_steps // 10
    return (
        keras.optimizers.schedules.CosineDecay(
            0.1 * highest, total_steps - rising, warmup_target=highest, warmup_steps=rising
        )
        if rising
        else keras.optimizers.schedules.CosineDecay(highest, total_steps)
    )


def _with_feature(model: Any, feature: Feature | None) -> Any:
    if feature is None:
        return model
    [image] = model.inputs
    return keras.Model(image, [*model.outputs, model.get_layer(feature.layer).output])
