import pytest

from tests.tflite.models import classifier


@pytest.fixture(scope="session")
def float_model() -> bytes:
    return classifier("float32")


@pytest.fixture(scope="session")
def uint8_model() -> bytes:
    return classifier("uint8")
