"""Names of classes, fitted to how many classes a model has."""

from collections.abc import Sequence

from edgevision.errors import ModelError


def labels_for(labels: Sequence[str], classes: int) -> tuple[str, ...]:
    """One name for each of `classes` classes; "class 3" where there are none.

    One name less stands for a list without its "background", as ImageNet models of TensorFlow's
    first zoo have it before their 1000 classes; one name of two for what a sigmoid unit detects.

    Raises:
        ModelError: another number of names.
    """
    if not labels:
        return tuple(f"class {index}" for index in range(classes))
    if len(labels) == classes:
        return tuple(labels)
    if classes == 2 and len(labels) == 1:
        return (f"not {labels[0]}", labels[0])
    if len(labels) == classes - 1:
        return ("background", *labels)
    message = f"there are {len(labels)} labels for {classes} classes"
    raise ModelError(message, hint="give the right list with --labels")


def fits(names: int, classes: int) -> bool:
    """Whether so many names are likely to be those of so many classes (`labels_for` takes them)."""
    return names >= 1 and names in {classes, classes - 1}
