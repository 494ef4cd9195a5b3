"""Photos and labels that do not fit the model: refused or doubted before they make figures."""

from edgevision.dataset.calibration.check import FEWEST
from edgevision.errors import ImageSetError
from edgevision.pipeline.request import OptimizeRequest
from edgevision.quantities import counted
from edgevision.tasks.interface import ModelInterface, listed_shapes
from edgevision.tasks.resolve import ResolvedTask
from edgevision.tasks.task import chooses_one_class


def classes_of(model: ModelInterface) -> int | None:
    """Classes that a model's scores tell apart, one score between two; None without a row of them.

    What the numbers mean is not asked: they may be no scores at all.
    """
    if len(model.outputs) != 1 or not model.outputs[0].is_vector:
        return None
    return max(2, model.outputs[0].size)


def refuse_names(labels: tuple[str, ...], model: ModelInterface) -> None:
    """Raise when the class names of `--labels` are not one for each of the model's classes.

    Raises:
        ImageSetError: they are fewer or more, or the model has no row of scores.
    """
    classes = classes_of(model)
    if not labels or len(labels) == classes:
        return
    if classes is None:
        shapes = listed_shapes(model.outputs)
        message = f"--labels lists {len(labels)} class names, and outputs {shapes} are no scores"
        raise ImageSetError(message, hint="leave --labels away")
    message = f"--labels lists {len(labels)} class names, the model has {classes} classes"
    raise ImageSetError(message, hint="one name a line, in the order of the model's outputs")


def sanity_checks(plan: OptimizeRequest, resolved: ResolvedTask) -> tuple[str, ...]:
    """Sentences for what may make the result other than it seems; empty when nothing does."""
    found = []
    task, proof = resolved.task, plan.proof
    if proof is not None and proof.is_labelled:
        named, classes = len(proof.classes), task.label_count
        if task.truth is None:
            found.append(
                f"{proof.path} has labels, and no accuracy is measured: {resolved.reason}; "
                "--task says what they mean"
            )
        elif chooses_one_class(task) and named and named != classes and not plan.labels:
            # Class folders count by their names' order, so one that is missing moves the others.
            found.append(
                f"{proof.path} has {named} classes and the model {classes}: the labels may mean "
                "other outputs; list the model's class names with --labels"
            )
    calibration = plan.calibration
    if calibration is not None and len(calibration.images) < FEWEST:
        found.append(
            f"int8 ranges come from {counted(len(calibration.images), 'photo')}; "
            f"give at least {FEWEST}, "
            "better 100 to 500"
        )
    return tuple(found)
