import sys

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from edgevision.errors import MissingDependencyError
from edgevision.quantize.correct.one_thread import one_thread_each


def threads_of_products() -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    found = ThreadpoolController().select(user_api="blas").info()
    return [int(library["num_threads"]) for library in found]


def test_products_have_one_thread_within_and_as_many_as_before_after() -> None:
    before = threads_of_products()
    assert before
    with one_thread_each():
        within = threads_of_products()
    assert set(within) == {1}
    assert threads_of_products() == before


def test_without_threadpoolctl_the_pip_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with pytest.raises(MissingDependencyError, match="threadpoolctl") as missing, one_thread_each():
        pass
    assert "edgevision[quantize]" in missing.value.hint
