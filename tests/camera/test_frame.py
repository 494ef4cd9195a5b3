import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgevision.camera.sources.frame import Frame, Layout
from edgevision.camera.sources.orientation import Orientation
from edgevision.errors import DeviceError, UsageError

RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def frame(data: NDArray[np.uint8], layout: Layout, width: int = 0) -> Frame:
    return Frame(sequence=0, captured_ns=0, data=data, layout=layout, width=width)


def rgb_of(each: Frame) -> NDArray[np.uint8]:
    image = each.unpack()
    return image if each.order == "rgb" else image[..., ::-1]


@pytest.mark.parametrize(
    ("layout", "data"),
    [
        ("rgb", RGB),
        ("bgr", RGB[..., ::-1]),
        ("rgba", np.dstack([RGB, np.full((6, 8), 9, np.uint8)])),
        ("bgra", np.dstack([RGB[..., ::-1], np.full((6, 8), 9, np.uint8)])),
    ],
)
def test_every_colour_layout_unpacks_to_the_same_picture(
    layout: Layout, data: NDArray[np.uint8]
) -> None:
    assert np.array_equal(rgb_of(frame(np.ascontiguousarray(data), layout)), RGB)


def test_grey_becomes_three_equal_channels() -> None:
    image = frame(RGB[..., 0].copy(), "gray").unpack()
    assert all(np.array_equal(image[..., channel], RGB[..., 0]) for channel in range(3))


def test_padded_rows_of_yuv_are_cut_after_converting() -> None:
    wide = np.zeros((48 * 3 // 2, 128), np.uint8)
    wide[:48, :100] = 235
    wide[48:] = 128
    image = frame(wide, "i420", width=100).unpack()
    assert image.shape == (48, 100, 3)
    assert image.min() == 255


def test_jpeg_is_decoded_when_somebody_needs_it_and_only_once() -> None:
    smooth = cv2.resize(RGB, (64, 48))
    encoded = cv2.imencode(".jpg", smooth)[1].reshape(-1)
    each = frame(np.asarray(encoded, np.uint8), "jpeg")
    first = each.unpack()
    assert first.shape == (48, 64, 3)
    assert each.unpack() is first


@pytest.mark.parametrize(
    ("layout", "data"),
    [
        ("jpeg", np.frombuffer(b"\xff\xd8\xffnot a picture", np.uint8)),
        ("jpeg", np.zeros(0, np.uint8)),
        ("bgr", np.zeros((0, 4, 3), np.uint8)),
        ("bgr", np.zeros((4, 4), np.uint8)),
        ("bgr", np.zeros((4, 4, 4), np.uint8)),
        ("bgra", np.zeros((4, 4, 3), np.uint8)),
        ("gray", np.zeros((4, 4, 3), np.uint8)),
        ("i420", np.zeros((7, 4), np.uint8)),
        ("bgr", np.zeros((4, 4, 3), np.float32)),
    ],
)
def test_what_is_no_picture_is_a_device_error(layout: Layout, data: NDArray[np.uint8]) -> None:
    with pytest.raises(DeviceError):
        frame(data, layout).unpack()


@given(st.binary(min_size=1, max_size=300))
def test_random_bytes_are_an_error_or_a_picture(content: bytes) -> None:
    each = frame(np.frombuffer(content, np.uint8), "jpeg")
    try:
        assert each.unpack().ndim == 3
    except DeviceError:
        return


@pytest.mark.parametrize(("degrees", "turns"), [(90, 3), (180, 2), (270, 1)])
def test_camera_mounted_sideways_is_turned_clockwise(degrees: int, turns: int) -> None:
    each = frame(RGB, "rgb")
    each.turn = Orientation(rotate=degrees).apply
    assert np.array_equal(each.unpack(), np.rot90(RGB, turns))


def test_mirroring_comes_after_turning() -> None:
    turned = Orientation(rotate=90, is_mirrored=True).apply(RGB)
    assert np.array_equal(turned, np.rot90(RGB, 3)[:, ::-1])


def test_odd_angle_is_refused() -> None:
    with pytest.raises(UsageError, match="45"):
        Orientation(rotate=45)
