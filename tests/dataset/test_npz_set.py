import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgevision.dataset.formats.open_set import open_image_set
from edgevision.errors import ImageSetError
from tests.dataset.pictures import picture

X: NDArray[np.uint8] = np.stack([picture(seed) for seed in range(4)])


def saved(folder: Path, **arrays: Any) -> Path:
    path = folder / "set.npz"
    np.savez_compressed(path, **arrays)
    return path


def test_rows_are_images(tmp_path: Path) -> None:
    images = open_image_set(saved(tmp_path, x=X, y=np.array([2, 0, 1, 2])))

    assert [(item.id, item.class_index) for item in images] == [
        ("set.npz#0", 2),
        ("set.npz#1", 0),
        ("set.npz#2", 1),
        ("set.npz#3", 2),
    ]
    assert np.array_equal(images.load(images.items[3]), X[3])


def test_without_y_it_is_unlabelled(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog\n")

    images = open_image_set(saved(tmp_path, x=X))

    assert not images.is_labelled
    assert images.classes == ()


def test_list_of_names_beside_it_gives_the_classes(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog\n")

    assert open_image_set(saved(tmp_path, x=X, y=np.zeros(4, int))).classes == ("cat", "dog")


@pytest.mark.parametrize("shape", [(4, 16, 24), (4, 16, 24, 1)])
def test_grey_becomes_three_equal_channels(tmp_path: Path, shape: tuple[int, ...]) -> None:
    grey = X[..., 0].reshape(shape)

    images = open_image_set(saved(tmp_path, x=grey))

    loaded = images.load(images.items[1])
    assert loaded.shape == (16, 24, 3)
    assert all(np.array_equal(loaded[..., channel], X[1, ..., 0]) for channel in range(3))


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64, np.uint16])
def test_whole_numbers_0_to_255_are_pixels_in_any_type(tmp_path: Path, dtype: Any) -> None:
    images = open_image_set(saved(tmp_path, x=X.astype(dtype)))

    assert np.array_equal(images.load(images.items[2]), X[2])


@pytest.mark.parametrize(
    "x",
    [
        X / np.float32(255),
        X.astype(np.float32) - 128,
        X.astype(np.int32) + 1,
        np.full((2, 4, 4, 3), np.nan),
        np.full((2, 4, 4, 3), np.inf),
    ],
)
def test_scaled_images_are_refused(tmp_path: Path, x: NDArray[Any]) -> None:
    with pytest.raises(ImageSetError, match="not whole numbers 0-255"):
        open_image_set(saved(tmp_path, x=x))


@pytest.mark.parametrize(
    "y",
    [
        np.array([1, 0, 2, 1]),
        np.array([[1], [0], [2], [1]], np.uint8),
        np.eye(3)[[1, 0, 2, 1]],
        np.eye(3, dtype=bool)[[1, 0, 2, 1]],
    ],
)
def test_labels_as_integers_or_one_hot(tmp_path: Path, y: NDArray[Any]) -> None:
    assert [item.class_index for item in open_image_set(saved(tmp_path, x=X, y=y))] == [1, 0, 2, 1]


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"images": X}, "has no array named x"),
        ({"x": X[..., :2]}, r"x has shape \[4, 16, 24, 2\]"),
        ({"x": X[0, 0]}, r"x has shape \[24, 3\]"),
        ({"x": X[:0]}, "holds no images"),
        ({"x": X.astype("U3")}, "x holds <U3"),
        ({"x": X, "y": np.arange(3)}, r"y has shape \[3\] for 4 images"),
        ({"x": X, "y": np.array(3)}, r"y has shape \[\] for 4 images"),
        ({"x": X, "y": np.array([0, 1, -1, 0])}, "label -1 of image 2 is out of range"),
        (
            {"x": X, "y": np.array([0, 1, 3, 0])},
            "label 3 of image 2 is out of range for 3 classes",
        ),
        ({"x": X, "y": np.array([0.0, 0.5, 1, 1])}, "y is float64"),
        ({"x": X, "y": np.array(["a", "b", "c", "d"])}, "y is <U1"),
        ({"x": X, "y": np.array([[1, 0, 0], [1, 1, 0]] * 2)}, "row 1 is not one-hot"),
        ({"x": X, "y": np.full((4, 3), 0.3)}, "row 0 is not one-hot"),
        ({"x": X, "y": np.eye(4)}, "y has 4 columns, but there are 3 classes of the model"),
    ],
)
def test_arrays_that_do_not_fit_are_named(
    tmp_path: Path, arrays: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ImageSetError, match=complaint):
        open_image_set(saved(tmp_path, **arrays), class_names=["a", "b", "c"])


def test_python_objects_are_never_loaded(tmp_path: Path) -> None:
    path = saved(tmp_path, x=np.array([{"a": 1}, None], dtype=object))

    with pytest.raises(ImageSetError, match="Python objects"):
        open_image_set(path)


def test_header_that_claims_terabytes_is_refused_before_allocating(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w") as archive:
        header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1024, 1024, 3), }"
        npy = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
        archive.writestr("x.npy", npy)

    with pytest.raises(ImageSetError, match=r"would take 3145\.7 GB"):
        open_image_set(path)


def test_array_shorter_than_its_header_says_is_named(tmp_path: Path) -> None:
    whole = io.BytesIO()
    np.save(whole, X)
    path = tmp_path / "short.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", whole.getvalue()[:-5])

    with pytest.raises(ImageSetError, match="ends early"):
        open_image_set(path)


@pytest.mark.parametrize("damage", ["cut", "flip", "text", "empty"])
def test_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    path = saved(tmp_path, x=X)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flip":
        content[len(content) // 2] ^= 0xFF
    elif damage == "text":
        content = bytearray(b"not a zip file")
    else:
        content.clear()
    path.write_bytes(content)

    with pytest.raises(ImageSetError, match=r"set\.npz"):
        open_image_set(path)


def test_fortran_order_is_understood(tmp_path: Path) -> None:
    images = open_image_set(saved(tmp_path, x=np.asfortranarray(X)))

    assert np.array_equal(images.load(images.items[1]), X[1])


def test_changing_a_loaded_picture_does_not_change_the_set(tmp_path: Path) -> None:
    images = open_image_set(saved(tmp_path, x=X))

    images.load(images.items[0])[...] = 0

    assert np.array_equal(images.load(images.items[0]), X[0])


def test_digest_is_of_the_row(tmp_path: Path) -> None:
    images = open_image_set(saved(tmp_path, x=np.concatenate([X, X[:1]])))

    digests = [images.digest(item) for item in images]

    assert digests[0] == digests[4]
    assert len(set(digests)) == 4


def test_table_of_labels_does_not_go_with_arrays(tmp_path: Path) -> None:
    with pytest.raises(ImageSetError, match="has its own labels"):
        open_image_set(saved(tmp_path, x=X), labels=tmp_path / "labels.csv")
