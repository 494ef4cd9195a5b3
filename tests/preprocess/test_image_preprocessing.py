import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import UsageError
from edgevision.preprocess.image_preprocessing import MAX_SIDE, ImagePreprocessing
from edgevision.serialization.decode import from_plain
from edgevision.serialization.encode import to_plain


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"width": 0}, "width must be 1 to"),
        ({"height": MAX_SIDE + 1}, "height must be 1 to"),
        ({"fit": "squeeze"}, "fit must be one of"),
        ({"color": "yuv"}, "color must be one of"),
        ({"resize": "cubic"}, "resize must be one of"),
        ({"crop_fraction": 0.0, "fit": "center-crop"}, "crop_fraction must be above 0"),
        ({"crop_fraction": 1.5, "fit": "center-crop"}, "at most 1"),
        ({"crop_fraction": 0.875}, "needs fit center-crop"),
        ({"pad": 256}, "pad must be 0 to 255"),
        ({"mean": (1.0, 2.0)}, "mean needs 1 or 3 numbers, got 2"),
        ({"mean": (1.0, 2.0, 3.0), "color": "gray"}, "mean needs 1 or 1"),
        ({"mean": (math.nan,)}, "mean must be finite"),
        ({"std": (math.inf,)}, "std must be finite"),
        ({"std": (1.0, 0.0, 1.0)}, "std must be positive"),
        ({"std": ()}, "std needs 1 or 3 numbers, got 0"),
    ],
)
def test_a_preprocessing_that_cannot_be_is_refused(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        ImagePreprocessing(**{"width": 8, "height": 8, **values})


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"height": 8}, "preprocessing.width is missing"),
        ({"width": 8, "height": 8, "colour": "rgb"}, "unknown name 'colour'"),
        ({"width": 8.0, "height": 8}, "width should be a whole number"),
        ({"width": True, "height": 8}, "width should be a whole number"),
        ({"width": 8, "height": 8, "std": "255"}, "std.0. should be a number"),
        ({"width": 8, "height": 8, "mean": [1, "2", 3]}, "mean.1. should be a number"),
        ({"width": 8, "height": 8, "mean": [1, None, 2]}, "mean must be finite"),
        ({"width": 8, "height": 8, "fit": ["stretch"]}, "fit should be one of"),
    ],
)
def test_a_table_from_outside_is_checked(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        from_plain(ImagePreprocessing, values, where="preprocessing", unknown="refuse")


positive = st.floats(0.01, 1000)


@given(
    st.builds(
        ImagePreprocessing,
        width=st.integers(1, MAX_SIDE),
        height=st.integers(1, MAX_SIDE),
        fit=st.sampled_from(["stretch", "letterbox"]),
        pad=st.integers(0, 255),
        color=st.sampled_from(["rgb", "bgr"]),
        mean=st.tuples(st.floats(-500, 500)) | st.tuples(positive, positive, positive),
        std=st.tuples(positive) | st.tuples(positive, positive, positive),
    )
)
def test_a_preprocessing_survives_its_dictionary(preprocessing: ImagePreprocessing) -> None:
    plain = to_plain(preprocessing)
    assert from_plain(ImagePreprocessing, plain, where="preprocessing") == preprocessing


def test_one_number_stands_for_all_channels() -> None:
    plain = {"width": 8, "height": 8, "mean": 127.5, "std": 2}
    found = from_plain(ImagePreprocessing, plain, where="preprocessing")
    assert (found.mean, found.std) == ((127.5,), (2.0,))


def test_three_equal_numbers_are_scalar() -> None:
    preprocessing = ImagePreprocessing(width=8, height=8, mean=(127.5, 127.5, 127.5), std=(127.5,))

    assert preprocessing.is_scalar
    assert preprocessing.channel_std == (127.5, 127.5, 127.5)


def test_channels_that_differ_are_not_scalar() -> None:
    assert not ImagePreprocessing(width=8, height=8, mean=(1.0, 2.0, 3.0)).is_scalar
