import math

import numpy as np
import pytest

from edgevision.predictions import Predictions, as_probabilities


def test_logits_go_through_softmax_and_probabilities_do_not() -> None:
    logits = np.array([[0.0, math.log(3.0)]], np.float32)
    assert as_probabilities(logits) == pytest.approx(np.array([[0.25, 0.75]]))
    int8_softmax = np.array([[0.2539, 0.7500]], np.float32)
    assert as_probabilities(int8_softmax).sum() == pytest.approx(1)
    assert as_probabilities(int8_softmax)[0, 0] == pytest.approx(0.2529, abs=1e-4)


def test_predictions_refuse_scores_that_do_not_fit_the_images() -> None:
    with pytest.raises(ValueError, match="fit"):
        Predictions(ids=("a",), scores=np.zeros((2, 3), np.float32), labels=None)
