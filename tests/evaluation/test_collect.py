import tempfile
from pathlib import Path

import numpy as np
import pytest

from edgevision.dataset.annotation import ClassLabel
from edgevision.errors import ModelError
from edgevision.evaluation import collect as module
from edgevision.evaluation.collect import collect
from edgevision.tasks.registry import build_task
from edgevision.tasks.spec import TaskSpec
from tests.tasks.models import FRAME, answers, model

TENSORS = build_task(TaskSpec(kind="tensors"), model((1, 2), (1, 3, 1)))
A, B = np.arange(8.0).reshape(4, 2), np.arange(12.0).reshape(4, 3, 1)


def test_outputs_are_stacked_in_order_and_rows_come_back() -> None:
    found = answers(TENSORS, A, B)
    assert len(found) == 4
    assert [stack.shape for stack in found.condensed] == [(4, 2), (4, 3, 1)]
    assert found.row(2)[0].tolist() == [4, 5]
    assert found.row(2)[1].tolist() == [[6], [7], [8]]
    assert found.ids[2] == "2.jpg"


def test_large_stacks_lie_in_a_file_without_a_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "_IN_MEMORY", 40)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = answers(TENSORS, A, B)
    assert [isinstance(stack, np.memmap) for stack in found.condensed] == [False, True]
    assert found.condensed[1].tolist() == B.tolist()
    assert list(tmp_path.iterdir()) == []
    agreed = TENSORS.agreement(found, answers(TENSORS, A, B + 0.5))
    assert agreed.metric("out1.max_error") is not None


def test_the_number_of_images_is_held_to() -> None:
    one = (A[0].astype(np.float32), B[0].astype(np.float32))
    for count in (0, 1, 3):
        with pytest.raises(ValueError, match="images"):
            collect(TENSORS, [(one, FRAME)] * count, ids=("a.jpg", "b.jpg"))


def test_values_that_are_no_numbers_are_refused_with_the_image() -> None:
    broken = A.copy()
    broken[1, 0] = np.nan
    with pytest.raises(ModelError, match=r"answers 1\.jpg with values that are no numbers"):
        answers(TENSORS, broken, B)


def test_truth_of_some_images_only_is_none() -> None:
    some = [ClassLabel(0), None, ClassLabel(1), ClassLabel(1)]
    assert answers(TENSORS, A, B, truth=some).truth is None
    assert answers(TENSORS, A, B, truth=some[2:] * 2).truth == (*some[2:], *some[2:])
    assert answers(TENSORS, A, B, truth=[None] * 4).truth is None
