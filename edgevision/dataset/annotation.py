"""Annotations: the truth about one image, one small frozen type for each form that truth takes.

A task names the type that it is evaluated on (`Task.truth`). A new task may bring its own type:
anything that derives from `Annotation`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is true of one image; the base that all forms of truth derive from."""


@dataclass(frozen=True, slots=True)
class ClassLabel(Annotation):
    """The one class that an image shows."""

    index: int
    """Into the set's classes, from 0."""

    def __post_init__(self) -> None:
        if self.index < 0:
            message = f"a class index counts from 0, got {self.index}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class ClassLabels(Annotation):
    """All labels that an image has: any number of them, none too."""

    indices: frozenset[int]
    """Into the set's classes, from 0."""

    def __post_init__(self) -> None:
        if any(index < 0 for index in self.indices):
            message = f"a class index counts from 0, got {min(self.indices)}"
            raise ValueError(message)
