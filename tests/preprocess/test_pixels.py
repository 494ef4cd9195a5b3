import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.preprocess.image_preprocessing import ColorOrder, Fit, ImagePreprocessing
from edgevision.preprocess.pixels import place, to_gray, to_pixels
from edgevision.tensors import RgbImage
from tests.preprocess import pixel_digests
from tests.preprocess.pixel_digests import CASES, GOLDEN, drawing

sides = st.integers(1, 5000)
inputs = st.integers(1, 600)


def resized(image: RgbImage, width: int, height: int) -> RgbImage:
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR_EXACT).astype(np.uint8)


def test_stretch_is_a_plain_resize() -> None:
    photo = drawing(301, 200)

    pixels = to_pixels(photo, ImagePreprocessing(width=128, height=96))

    assert np.array_equal(pixels, resized(photo, 128, 96))


def test_center_crop_is_a_slice_and_a_resize() -> None:
    photo = drawing(400, 300)

    pixels = to_pixels(
        photo, ImagePreprocessing(width=100, height=100, fit="center-crop", crop_fraction=0.8)
    )

    # 0.8 of 300 is 240, centred: 80 from the left, 30 from the top.
    assert np.array_equal(pixels, resized(photo[30:270, 80:320], 100, 100))


def test_letterbox_is_a_resize_between_bars() -> None:
    photo = drawing(400, 200)

    pixels = to_pixels(photo, ImagePreprocessing(width=100, height=100, fit="letterbox", pad=114))

    assert np.array_equal(pixels[25:75], resized(photo, 100, 50))
    assert (pixels[:25] == 114).all()
    assert (pixels[75:] == 114).all()


def test_bgr_is_rgb_backwards() -> None:
    photo = drawing(90, 70)

    rgb, bgr = (
        to_pixels(photo, ImagePreprocessing(width=50, height=40, color=color))
        for color in ("rgb", "bgr")
    )

    assert np.array_equal(rgb[..., ::-1], bgr)


def test_gray_is_opencvs() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)

    assert np.array_equal(to_gray(noise), cv2.cvtColor(noise, cv2.COLOR_RGB2GRAY))


def test_gray_input_has_one_channel() -> None:
    photo = drawing(90, 70)

    pixels = to_pixels(photo, ImagePreprocessing(width=50, height=40, color="gray"))

    luma = cv2.cvtColor(resized(photo, 50, 40), cv2.COLOR_RGB2GRAY)
    assert np.array_equal(pixels, luma[..., None])


@pytest.mark.parametrize("name", CASES)
def test_pixels_are_bit_identical_to_the_golden_ones(name: str) -> None:
    assert pixel_digests.digest(name) == GOLDEN[name]


def test_golden_digest_notices_one_changed_value(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_a_flaw(width: int, height: int) -> RgbImage:
        photo = drawing(width, height)
        photo[0, 0, 0] ^= 128
        return photo

    monkeypatch.setattr(pixel_digests, "drawing", with_a_flaw)

    assert pixel_digests.digest("up") != GOLDEN["up"]
    assert pixel_digests.main() == 1


@pytest.mark.parametrize("fit", ["stretch", "center-crop", "letterbox"])
@pytest.mark.parametrize("color", ["rgb", "bgr", "gray"])
def test_result_is_the_same_in_memory_given_for_it(fit: Fit, color: ColorOrder) -> None:
    preprocessing = ImagePreprocessing(width=30, height=20, fit=fit, color=color)
    # A view with gaps, as a row of a larger buffer may be.
    out = np.full((20, 60, preprocessing.channels), 7, np.uint8)[:, ::2]

    filled = to_pixels(drawing(64, 33), preprocessing, out=out)

    assert filled is out
    assert np.array_equal(out, to_pixels(drawing(64, 33), preprocessing))


def test_photo_of_the_right_size_is_copied_not_shared() -> None:
    photo = drawing(20, 10)

    pixels = to_pixels(photo, ImagePreprocessing(width=20, height=10))
    pixels[...] = 0

    assert photo.any()


def test_float_photo_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        to_pixels(np.zeros((4, 4, 3)), ImagePreprocessing(width=4, height=4))  # type: ignore[arg-type]


@given(sides, sides, inputs, inputs)
def test_letterboxed_picture_stays_inside_and_touches_two_edges(
    width: int, height: int, into_width: int, into_height: int
) -> None:
    spot = place(
        width, height, ImagePreprocessing(width=into_width, height=into_height, fit="letterbox")
    )

    assert 0 <= spot.left <= spot.left + spot.width <= into_width
    assert 0 <= spot.top <= spot.top + spot.height <= into_height
    assert spot.width == into_width or spot.height == into_height
    assert (spot.source_width, spot.source_height) == (width, height)


@given(sides, sides, inputs, inputs)
def test_letterbox_keeps_the_shape_to_a_pixel(
    width: int, height: int, into_width: int, into_height: int
) -> None:
    spot = place(
        width, height, ImagePreprocessing(width=into_width, height=into_height, fit="letterbox")
    )

    scale = min(into_width / width, into_height / height)
    assert abs(spot.width - max(1, width * scale)) <= 0.5 + 1e-6
    assert abs(spot.height - max(1, height * scale)) <= 0.5 + 1e-6


@given(sides, sides, inputs, inputs, st.floats(0.05, 1))
def test_cropped_region_is_centred_inside_the_photo(
    width: int, height: int, into_width: int, into_height: int, fraction: float
) -> None:
    preprocessing = ImagePreprocessing(
        width=into_width, height=into_height, fit="center-crop", crop_fraction=fraction
    )

    spot = place(width, height, preprocessing)

    for before, used, whole in (
        (spot.source_left, spot.source_width, width),
        (spot.source_top, spot.source_height, height),
    ):
        assert used >= 1
        after = whole - before - used
        assert after - before in {0, 1}


@given(sides, sides, st.integers(1, 300))
def test_whole_center_crop_to_a_square_takes_the_shorter_side(
    width: int, height: int, side: int
) -> None:
    spot = place(width, height, ImagePreprocessing(width=side, height=side, fit="center-crop"))

    assert spot.source_width == spot.source_height == min(width, height)


@given(sides, sides, inputs, inputs)
def test_stretch_uses_all_of_the_photo_for_all_of_the_input(
    width: int, height: int, into_width: int, into_height: int
) -> None:
    spot = place(width, height, ImagePreprocessing(width=into_width, height=into_height))

    assert (spot.source_left, spot.source_top, spot.left, spot.top) == (0, 0, 0, 0)
    assert (spot.source_width, spot.source_height) == (width, height)
    assert (spot.width, spot.height) == (into_width, into_height)
