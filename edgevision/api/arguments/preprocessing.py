"""How pixels become input: from a name, a file or a value, over what a calibration set says."""

from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from edgevision.api.arguments.messages import Messages
from edgevision.card.model_io import ModelIO, model_io_of
from edgevision.dataset.calibration.calibration_set import CalibrationSet
from edgevision.preprocess.declared import Preprocessing, declared_in
from edgevision.preprocess.options import from_option, refuse_auto

PreprocessingLike: TypeAlias = str | Path | Preprocessing
"""A preset's name, the path of a TOML file, or the value itself; where a model is measured, "auto"
too."""


def declared_preprocessing(
    given: PreprocessingLike | None, *, takes_auto: bool = False
) -> Preprocessing:
    """What was declared; nothing is filled in.

    Raises:
        UsageError: no such preset or file, or "auto" where no model is measured.
    """
    if given is None:
        return Preprocessing()
    declared = given if isinstance(given, Preprocessing) else from_option(str(given))
    if not takes_auto:
        refuse_auto(declared)
    return declared


def options_of(given: PreprocessingLike | None) -> dict[str, object]:
    """What was declared, by the names of its options: a preset is `preprocess`.

    Raises:
        UsageError: no such preset or file.
    """
    declared = declared_preprocessing(given, takes_auto=True)
    return {
        "preprocess" if name == "preset" else name: value
        for name, value in declared_in(declared).items()
    }


def over_set(
    declared: Preprocessing, of: CalibrationSet | None, messages: Messages
) -> Preprocessing:
    """What was declared, over what the calibration set says."""
    of_set = of.preprocessing if of is not None else None
    if of_set is not None:
        if declared.preset is not None:
            # Another preset replaces the set's normalization, not how photos are fitted.
            of_set = replace(of_set, preset=None, mean=None, std=None, color=None)
        declared = declared.over(of_set)
    for line in declared.notes():
        messages.note(line)
    return declared


def model_io(
    model: Path,
    declared: Preprocessing,
    messages: Messages,
    *,
    without_card: Preprocessing | None = None,
) -> ModelIO:
    """How to use the file, as `model_io_of` has it; what was declared and is not used is told."""
    found = model_io_of(model, declared, without_card=without_card or Preprocessing())
    if found.note:
        messages.note(found.note)
    return found
