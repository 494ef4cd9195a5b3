import io
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from edgevision.dataset import decode
from edgevision.dataset.decode import decode_bytes, decode_image
from edgevision.dataset.headers import claimed_pixels, what_is_missing
from edgevision.errors import ImageSetError
from tests.dataset.pictures import picture, save

ORIENTATION = 0x0112


def smooth() -> Image.Image:
    """A picture that JPEG keeps well, different in every corner."""
    y, x = np.mgrid[0:32, 0:48]
    return Image.fromarray(np.stack([x * 5, y * 7, 255 - x * 2 - y * 2], axis=2).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def as_pixels(image: Image.Image) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(image.convert("RGB")).astype(np.int64)


def difference(content: bytes, expected: Image.Image) -> int:
    return int(np.abs(decode_bytes(content, "photo") - as_pixels(expected)).max())


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_are_exact(kind: str) -> None:
    assert difference(encoded(smooth(), kind), smooth()) == 0


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_formats_are_near(kind: str) -> None:
    assert difference(encoded(smooth(), kind, quality=100), smooth()) <= 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_every_exif_orientation_comes_out_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = encoded(smooth(), kind, exif=exif, **({"quality": 100} if kind == "JPEG" else {}))
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))

    assert decode_bytes(content, "photo").shape == as_pixels(upright).shape
    assert difference(content, upright) <= 12


def test_grey_becomes_three_equal_channels() -> None:
    grey = smooth().convert("L")

    assert difference(encoded(grey, "PNG"), grey) == 0


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1"])
def test_alpha_palette_and_bilevel_are_decoded(mode: str) -> None:
    image = smooth().convert(mode)

    assert difference(encoded(image, "PNG"), image) == 0


def test_transparent_pixels_keep_their_colour() -> None:
    image = smooth().convert("RGBA")
    image.putalpha(0)

    assert difference(encoded(image, "PNG"), smooth()) == 0


def test_16_bit_values_are_divided_by_257() -> None:
    values = np.array([[0, 128, 129, 257, 65535 - 129, 65535 - 128, 65535]], np.uint16)

    decoded = decode_bytes(encoded(Image.fromarray(values), "PNG"), "photo")

    assert decoded[0, :, 0].tolist() == [0, 0, 1, 1, 254, 255, 255]
    assert decoded.dtype == np.uint8


def test_16_bit_colour_is_not_swapped() -> None:
    wide = np.asarray(smooth()).astype(np.uint16) * 257
    is_written, content = cv2.imencode(".png", wide[..., ::-1])

    assert is_written
    assert difference(content.tobytes(), smooth()) == 0


def test_cmyk_is_converted() -> None:
    cmyk = smooth().convert("CMYK")

    assert difference(encoded(cmyk, "JPEG", quality=100), cmyk) <= 16


def test_float_pixels_are_named() -> None:
    image = Image.fromarray(np.zeros((4, 4), np.float32))

    with pytest.raises(ImageSetError, match="depth.tif"):
        decode_bytes(encoded(image, "TIFF"), "depth.tif")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageSetError, match=r"cannot read .*gone\.jpg") as caught:
        decode_image(tmp_path / "gone.jpg")

    assert caught.value.exit_code == 4


def test_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()

    with pytest.raises(ImageSetError, match=r"empty\.png is empty"):
        decode_image(tmp_path / "empty.png")


def test_link_in_a_circle_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")

    with pytest.raises(ImageSetError, match=r"loop\.jpg"):
        decode_image(tmp_path / "loop.jpg")


def test_text_called_jpg_is_named() -> None:
    with pytest.raises(ImageSetError, match="damaged or not an image"):
        decode_bytes(b"<html>404</html>", "photo.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF", "PPM"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_file_cut_short_is_named(
    kind: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    # Noise, so that no format can end early by luck.
    content = encoded(Image.fromarray(picture(3, width=96, height=64)), kind)

    with pytest.raises(ImageSetError, match="photo"):
        decode_bytes(content[: int(share * len(content))], "photo")

    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_missing_end_is_noticed_even_when_only_the_marker_is_gone(kind: str) -> None:
    content = encoded(smooth(), kind)

    assert what_is_missing(content) == ""
    assert "cut short" in what_is_missing(content[:-2])


def test_thumbnails_end_marker_does_not_pass_for_the_photos() -> None:
    thumbnail = encoded(smooth().resize((8, 8)), "JPEG")
    block = b"Exif\0\0" + thumbnail
    photo = encoded(smooth(), "JPEG")
    whole = photo[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + photo[2:]

    assert what_is_missing(whole) == ""
    assert "cut short" in what_is_missing(whole[:-40])


def test_what_a_camera_appends_behind_the_end_is_allowed() -> None:
    assert difference(encoded(smooth(), "JPEG", quality=100) + b"MotionPhoto" * 50, smooth()) <= 12


def test_flipped_bit_in_a_png_is_noticed(capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(encoded(Image.fromarray(picture(1)), "PNG"))
    content[len(content) // 2] ^= 4

    with pytest.raises(ImageSetError, match="checksum is wrong"):
        decode_bytes(bytes(content), "photo.png")

    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF"])
def test_header_tells_the_size(kind: str) -> None:
    assert claimed_pixels(encoded(smooth(), kind)) == 32 * 48


def test_picture_claiming_to_be_huge_is_refused_unread() -> None:
    head = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    )

    with pytest.raises(ImageSetError, match="3600 million pixels"):
        decode_bytes(b"\x89PNG\r\n\x1a\n" + chunks, "bomb.png")


def test_limit_holds_for_formats_whose_header_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decode, "MAX_PIXELS", 100)

    with pytest.raises(ImageSetError, match="million pixels"):
        decode_bytes(encoded(smooth(), "WEBP"), "large.webp")


def test_file_on_disk_is_decoded_as_its_content(tmp_path: Path) -> None:
    path = save(tmp_path / "photo.png", picture(5))

    assert np.array_equal(decode_image(path), picture(5))
