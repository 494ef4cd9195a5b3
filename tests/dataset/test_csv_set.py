from pathlib import Path

import pytest

from edgevision.dataset.formats.open_set import open_image_set
from edgevision.errors import ImageSetError
from tests.dataset.pictures import fill


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return fill(tmp_path / "photos", ["b.png", "a.png", "sub/c.png"])


def table(folder: Path, *rows: str, head: str = "file,label") -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_rows_keep_their_order(photos: Path) -> None:
    table(photos, "sub/c.png,2", "a.png,0")

    images = open_image_set(photos)

    assert [(item.id, item.class_index) for item in images] == [("sub/c.png", 2), ("a.png", 0)]
    assert images.classes == ()


def test_list_of_names_beside_the_folder_gives_the_classes(photos: Path) -> None:
    (photos.parent / "imagenet_labels.txt").write_text("tench\ngoldfish\nshark\n")
    table(photos, "a.png,2", "b.png,tench")

    images = open_image_set(photos)

    assert images.classes == ("tench", "goldfish", "shark")
    assert [item.class_index for item in images] == [2, 0]


def test_list_that_is_given_wins_over_the_models_and_the_one_beside(
    photos: Path, tmp_path: Path
) -> None:
    (photos / "labels.txt").write_text("x\ny\n")
    (tmp_path / "mine.txt").write_text("\ufeffcat\ndog\n\n")
    table(photos, "a.png,dog")

    images = open_image_set(photos, labels=tmp_path / "mine.txt", class_names=["dog"])

    assert images.classes == ("cat", "dog")
    assert images.items[0].class_index == 1


def test_table_elsewhere_labels_the_folder(photos: Path, tmp_path: Path) -> None:
    images = open_image_set(photos, labels=table(tmp_path, "a.png,1"))

    assert [item.id for item in images] == ["a.png"]


def test_table_itself_can_be_named(photos: Path) -> None:
    assert len(open_image_set(table(photos, "a.png,1"))) == 1


def test_names_without_a_list_are_numbered_in_sorted_order(photos: Path) -> None:
    table(photos, "a.png,dog", "b.png,cat")

    images = open_image_set(photos)

    assert images.classes == ("cat", "dog")
    assert [item.class_index for item in images] == [1, 0]


def test_further_columns_and_windows_text_are_fine(photos: Path) -> None:
    (photos / "labels.csv").write_bytes(
        '\ufeffauthor, Label ,File\r\nme,1,a.png\r\n\r\n"x, y",0,b.png\r\n'.encode()
    )

    assert [(item.id, item.class_index) for item in open_image_set(photos)] == [
        ("a.png", 1),
        ("b.png", 0),
    ]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("gone.png,1", r"row 3: there is no file .*gone\.png"),
        ("a.png,0", r"row 3 lists a\.png again \(first in row 2\)"),
        ("./a.png,0", r"row 3 lists a\.png again"),
        ("../photos/b.png,0", r"row 3: \.\./photos/b\.png leads out"),
        ("sub/../b.png,0", "leads out"),
        ("/etc/passwd,0", "row 3: /etc/passwd leads out"),
        ("sub\\c.png,0", "is not a file name"),
        (",0", "row 3: '' is not a file name"),
        ("labels.csv,0", "has none of the endings"),
        ("b.png", "row 3 has too few columns"),
        ("b.png,", "row 3: '' is none of the 2 classes"),
        ("b.png,2", "row 3: label 2 is out of range for 2 classes"),
        ("b.png,-1", "row 3: '-1' is none of the 2 classes"),
        ("b.png,dgo", "row 3: 'dgo' is none of the 2 classes"),
        ('b.png,"1', "is not a CSV file"),
    ],
)
def test_bad_row_is_named(photos: Path, row: str, complaint: str) -> None:
    table(photos, "a.png,0", row)

    with pytest.raises(ImageSetError, match=complaint):
        open_image_set(photos, class_names=["cat", "dog"])


@pytest.mark.parametrize("head", ["", "name,class", "a.png,0"])
def test_table_without_its_first_line_says_what_it_must_be(photos: Path, head: str) -> None:
    table(photos, "a.png,0", head=head)

    with pytest.raises(ImageSetError, match="does not begin with the line file,label"):
        open_image_set(photos)


def test_table_without_rows_is_an_empty_set(photos: Path) -> None:
    table(photos)

    with pytest.raises(ImageSetError, match="holds no images"):
        open_image_set(photos)


def test_binary_table_is_named(photos: Path) -> None:
    (photos / "labels.csv").write_bytes(b"\xff\xfe\x00\x01")

    with pytest.raises(ImageSetError, match=r"labels\.csv is not a CSV file in UTF-8"):
        open_image_set(photos)


def test_class_named_like_another_ones_index_is_ambiguous(photos: Path) -> None:
    table(photos, "a.png,1")

    with pytest.raises(ImageSetError, match="both the name and the index"):
        open_image_set(photos, class_names=["1", "2"])


def test_digits_as_names_in_order_are_not_ambiguous(photos: Path) -> None:
    table(photos, "a.png,1")

    assert open_image_set(photos, class_names=["0", "1"]).items[0].class_index == 1


def test_name_of_two_classes_is_ambiguous(photos: Path) -> None:
    table(photos, "a.png,crane")

    with pytest.raises(ImageSetError, match="'crane' is the name of classes 0 and 2"):
        open_image_set(photos, class_names=["crane", "owl", "crane"])


def test_several_lists_beside_each_other_are_not_guessed_between(photos: Path) -> None:
    (photos / "a_labels.txt").write_text("x\n")
    (photos / "b_labels.txt").write_text("y\n")
    table(photos, "a.png,0")

    with pytest.raises(ImageSetError, match="several lists of class names"):
        open_image_set(photos)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "lists no class names"),
        (b"cat\n\ndog\n", "line 2 is blank"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_bad_list_of_names_is_named(photos: Path, content: bytes, complaint: str) -> None:
    names = photos / "names.txt"
    names.write_bytes(content)

    with pytest.raises(ImageSetError, match=complaint):
        open_image_set(photos, labels=names)
