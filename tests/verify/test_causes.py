from dataclasses import replace

import numpy as np
import pytest

from edgevision.verify.causes import Evidence, cause_of

SOUND = Evidence(
    operator="CONV_2D",
    clipped_share=0.0,
    clipped_error_share=0.0,
    channel_peaks=np.asarray([1.0, 1.2, 0.9, 1.1]),
    input_ranges=(2.0,),
    output_range=2.0,
    rms=0.3,
    weights=np.ones((4, 1, 1, 2), np.float32),
    integer_bias=np.asarray([5, -5, 100, 0], np.int32),
)
DEAD = np.asarray([1.0, 1.0, 1e-9, 1.0], np.float32).reshape(4, 1, 1, 1)


def test_a_sound_layer_has_no_cause() -> None:
    assert cause_of(SOUND) == ("", "")


@pytest.mark.parametrize(
    ("seen", "cause"),
    [
        (replace(SOUND, clipped_error_share=0.6), "clipped range"),
        (replace(SOUND, channel_peaks=np.asarray([1.0, 1.0, 1.0, 30.0])), "outlier channel"),
        (
            replace(SOUND, operator="ADD", input_ranges=(40.0, 1.0)),
            "tiny range beside a wide one",
        ),
        (replace(SOUND, operator="LOGISTIC", rms=0.001), "saturated gate"),
        (replace(SOUND, weights=DEAD), "dead channels"),
        (replace(SOUND, integer_bias=np.asarray([-(2**31)], np.int32)), "bias overflow"),
    ],
)
def test_each_cause_is_told_from_what_was_measured(seen: Evidence, cause: str) -> None:
    found, fix = cause_of(seen)
    assert found == cause
    assert fix
