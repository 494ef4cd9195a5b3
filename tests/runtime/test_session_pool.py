import threading
from collections.abc import Iterator

import numpy as np
import pytest

from edgevision.errors import ModelError
from edgevision.runtime.session import Session
from edgevision.runtime.session_pool import SessionPool
from edgevision.tensors import FloatArray
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder

SIDE = 4


def mean_of_pixels() -> bytes:
    b = Builder((1, SIDE, SIDE, 3))
    return serialize(b.finish(b.mean(b.graph.inputs[0])))


def image(value: float) -> FloatArray:
    return np.full((1, SIDE, SIDE, 3), value, np.float32)


def mean(session: Session, pixels: FloatArray) -> float:
    return float(session.run(pixels)[0].reshape(-1)[0])


@pytest.mark.parametrize("sessions", [1, 2, 3])
def test_results_come_in_the_order_of_the_images(sessions: int) -> None:
    with SessionPool(mean_of_pixels(), sessions=sessions) as crew:
        found = list(crew.map(mean, (image(value) for value in range(20))))
    assert found == pytest.approx(list(range(20)))


def test_two_images_are_worked_on_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=300)
    with SessionPool(mean_of_pixels(), sessions=2) as crew:
        # Alone, either would wait in vain and raise.
        found = list(crew.map(lambda _, number: both.wait() * 0 + number, range(2)))
    assert found == [0, 1]


def test_no_session_works_on_two_images_at_once() -> None:
    busy: set[int] = set()

    def alone(session: Session, _: int) -> bool:
        was_free = id(session) not in busy
        busy.add(id(session))
        session.invoke()
        busy.discard(id(session))
        return was_free

    with SessionPool(mean_of_pixels(), sessions=2) as crew:
        assert all(crew.map(alone, range(200)))


def test_images_are_drawn_only_a_few_ahead() -> None:
    drawn: list[int] = []

    def images() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            yield number

    with SessionPool(mean_of_pixels(), sessions=2) as crew:
        results = crew.map(lambda _, number: number, images())
        assert next(results) == 0
        assert len(drawn) <= 4
        results.close()  # type: ignore[attr-defined] # it is a generator


def test_what_goes_wrong_with_an_image_is_raised() -> None:
    def fail(_: Session, number: int) -> int:
        if number == 3:
            raise ValueError("the fourth")
        return number

    with (
        SessionPool(mean_of_pixels(), sessions=2) as crew,
        pytest.raises(ValueError, match="the fourth"),
    ):
        list(crew.map(fail, range(10)))


def test_a_refused_model_is_named() -> None:
    with pytest.raises(ModelError, match="not a .tflite"):
        SessionPool(b"nothing of the kind")
