"""Photos and labels that do not fit the model: refused or doubted before they make figures."""

from edgevision.dataset.calibration.check import FEWEST
from edgevision.errors import ImageSetError
from edgevision.pipeline.request import OptimizeRequest


def names_needed(outputs: int) -> int:
    """Classes that `outputs` scores tell apart: one score decides between two."""
    return 2 if outputs == 1 else outputs


def refuse_names(plan: OptimizeRequest, outputs: int) -> None:
    """Raise when the class names given are not one for each of the model's classes.

    Raises:
        ImageSetError: they are fewer or more.
    """
    needed = names_needed(outputs)
    if plan.labels and len(plan.labels) != needed:
        raise ImageSetError(
            f"--labels lists {len(plan.labels)} class names, the model has {needed} classes",
            hint="one name a line, in the order of the model's outputs",
        )


def sanity_checks(plan: OptimizeRequest, outputs: int) -> tuple[str, ...]:
    """Sentences for what may make the result other than it seems; empty when nothing does."""
    found = []
    needed, proof = names_needed(outputs), plan.proof
    if proof is not None and proof.is_labelled and not plan.labels:
        classes = len(proof.classes)
        if classes and classes != needed:
            # Class folders count by their names' order, so one that is missing moves the others.
            found.append(
                f"{proof.path} has {classes} classes and the model {needed}: the labels may mean "
                "other outputs; list the model's class names with --labels"
            )
    calibration = plan.calibration
    if calibration is not None and len(calibration.images) < FEWEST:
        found.append(
            f"int8 ranges come from {len(calibration.images)} photos; give at least {FEWEST}, "
            "better 100 to 500"
        )
    return tuple(found)
