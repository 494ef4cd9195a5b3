"""What all tests of compress share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compress.models import double_precision


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let Keras's own use of NumPy pass: it saves weights in a way that NumPy 2 deprecates."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(
                pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
            )


@pytest.fixture
def _in_double_precision() -> Iterator[None]:
    with double_precision():
        yield
