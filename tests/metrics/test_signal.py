import math

import numpy as np
import pytest

from edgevision.metrics.signal import differences, noise_share, sqnr_db


def test_sqnr_of_a_tenth_of_noise_is_20_db() -> None:
    x = np.array([1.0, -2.0, 3.0], np.float32)
    assert sqnr_db(x, x * np.float32(1.1)) == pytest.approx(20, abs=1e-4)
    assert sqnr_db(x, x) == math.inf


def test_differences_of_a_worked_example() -> None:
    reference = np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 0.0]], np.float32)
    ours = np.array([[4.0, 3.0], [0.0, 0.0], [1.0, 0.0]], np.float32)
    found = differences(ours, reference)
    assert found.signal.tolist() == [25, 0, 0]
    assert found.noise.tolist() == [2, 0, 1]
    assert found.cosine == pytest.approx([0.96, 1, 0])
    assert found.mean_error.tolist() == [1, 0, 0.5]
    assert found.max_error.tolist() == [1, 0, 1]
    assert found.variation == pytest.approx([4 + 64 / 9, 1 + 16 / 9, 1 + 16 / 9])


def test_noise_is_a_share_of_the_signal() -> None:
    x = np.array([3.0, 4.0], np.float32)
    assert noise_share(x, x) == 0
    assert noise_share(x, np.array([3.0, 3.0], np.float32)) == pytest.approx(1 / 25)
    assert noise_share(np.zeros(2), np.array([0.0, 2.0])) == 4
