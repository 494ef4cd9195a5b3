from collections import Counter
from pathlib import Path

import cv2
import pytest

from edgevision.dataset.calibration.choose import choose
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.errors import ImageSetError, UsageError
from tests.dataset.pictures import fill, picture, save


def ten_cats_three_dogs(folder: Path) -> Path:
    fill(folder, [f"cat/{number}.png" for number in range(10)], seed=1)
    return fill(folder, [f"dog/{number}.png" for number in range(3)], seed=2)


def test_same_seed_same_choice_another_seed_another(tmp_path: Path) -> None:
    images = open_image_set(ten_cats_three_dogs(tmp_path))

    one, again, other = (choose(images, count=5, seed=seed) for seed in (7, 7, 8))

    assert one == again
    assert one.items != other.items


def test_choice_is_the_same_on_every_machine(tmp_path: Path) -> None:
    images = open_image_set(fill(tmp_path, [f"{number}.png" for number in range(6)]))

    assert [item.id for item in choose(images, count=4, seed=0).items] == [
        # for i in 0 1 2 3 4 5; do printf '0/%s.png' $i | sha256sum; done, sorted
        "2.png",
        "1.png",
        "0.png",
        "3.png",
    ]


def test_classes_are_balanced_as_far_as_they_go(tmp_path: Path) -> None:
    images = open_image_set(ten_cats_three_dogs(tmp_path))

    counts = {
        count: Counter(item.class_index for item in choose(images, count=count).items)
        for count in (4, 6, 9)
    }

    assert counts == {4: {0: 2, 1: 2}, 6: {0: 3, 1: 3}, 9: {0: 6, 1: 3}}


def test_fewer_images_than_classes_come_from_different_classes(tmp_path: Path) -> None:
    images = open_image_set(fill(tmp_path, [f"c{n}/{k}.png" for n in range(9) for k in range(2)]))

    one, other = (choose(images, count=3, seed=seed).items for seed in (0, 1))

    assert len({item.class_index for item in one}) == 3
    # Not always the first classes of the alphabet.
    assert {item.class_index for item in one} != {item.class_index for item in other}


def test_all_are_taken_when_there_are_fewer_than_asked_for(tmp_path: Path) -> None:
    images = open_image_set(ten_cats_three_dogs(tmp_path))

    assert len(choose(images, count=200).items) == 13


def test_same_picture_is_taken_once_also_from_another_kind_of_file(tmp_path: Path) -> None:
    save(tmp_path / "a.png", picture(1))
    save(tmp_path / "b.png", picture(1))
    save(tmp_path / "c.bmp", picture(1))
    save(tmp_path / "d.png", picture(2))

    choice = choose(open_image_set(tmp_path))

    assert len(choice.items) == 2
    assert len(choice.duplicates) == 2


def test_what_the_evaluation_set_holds_is_never_chosen(tmp_path: Path) -> None:
    fill(tmp_path / "all", [f"{number}.png" for number in range(8)])
    for number in range(5):
        save(tmp_path / "evaluation" / f"other name {number}.bmp", picture(number))

    choice = choose(
        open_image_set(tmp_path / "all"), exclude=open_image_set(tmp_path / "evaluation")
    )

    assert {item.id for item in choice.items} == {"5.png", "6.png", "7.png"}
    assert len(choice.overlapping) == 5


def test_nothing_left_beside_the_evaluation_set_is_an_error(tmp_path: Path) -> None:
    images = open_image_set(fill(tmp_path, ["a.png", "b.png"]))

    with pytest.raises(ImageSetError, match="can be used") as caught:
        choose(images, exclude=images)

    assert "all 2 are in the set to exclude" in caught.value.hint


def test_damaged_image_is_passed_over_and_named(tmp_path: Path) -> None:
    fill(tmp_path, ["a.png", "b.png"])
    (tmp_path / "c.png").write_bytes(b"no picture")

    choice = choose(open_image_set(tmp_path))

    assert len(choice.items) == 2
    assert "c.png" in choice.unreadable[0]


def test_only_damaged_images_are_an_error_that_names_one(tmp_path: Path) -> None:
    (tmp_path / "c.png").write_bytes(b"no picture")

    with pytest.raises(ImageSetError, match="no image of .* can be used") as caught:
        choose(open_image_set(tmp_path))

    assert "c.png" in caught.value.hint


def test_damaged_image_in_the_evaluation_set_is_an_error(tmp_path: Path) -> None:
    images = open_image_set(fill(tmp_path / "all", ["a.png"]))
    fill(tmp_path / "evaluation", ["b.png"])
    (tmp_path / "evaluation" / "b.png").write_bytes(b"no picture")

    with pytest.raises(ImageSetError, match=r"b\.png"):
        choose(images, exclude=open_image_set(tmp_path / "evaluation"))


def test_none_asked_for_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one image, got 0"):
        choose(open_image_set(fill(tmp_path, ["a.png"])), count=0)


def test_photo_turned_by_exif_is_the_same_picture_as_the_upright_one(tmp_path: Path) -> None:
    # Written without loss, so that both decode to the same pixels.
    upright = picture(1)
    save(tmp_path / "upright.png", upright)
    is_written, content = cv2.imencode(".png", cv2.rotate(upright, cv2.ROTATE_180)[..., ::-1])
    assert is_written
    exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0"
    (tmp_path / "turned.png").write_bytes(with_png_chunk(content.tobytes(), b"eXIf", exif))

    assert len(choose(open_image_set(tmp_path)).items) == 1


def with_png_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    import struct
    import zlib

    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return png[:33] + chunk + png[33:]
