"""What all tests of compress share."""

from collections.abc import Iterator
from pathlib import Path

import keras
import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let Keras's own use of NumPy pass: it saves weights in a way that NumPy 2 deprecates."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(
                pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
            )


@pytest.fixture
def _in_double_precision() -> Iterator[None]:
    """Let models made in the test compute with 64 bits, so that equal means equal to 9 digits."""
    before = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(before)
