from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgevision.dataset.annotation import ClassLabel, ClassLabels
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.errors import ImageSetError
from tests.dataset.pictures import fill, picture, save


def test_class_folders_are_numbered_in_sorted_order(tmp_path: Path) -> None:
    fill(tmp_path, ["dog/b.png", "dog/a.png", "cat/z.jpg", "cat/deep/er/y.png"])

    images = open_image_set(tmp_path)

    assert images.classes == ("cat", "dog")
    assert [(item.id, item.class_index) for item in images] == [
        ("cat/deep/er/y.png", 0),
        ("cat/z.jpg", 0),
        ("dog/a.png", 1),
        ("dog/b.png", 1),
    ]
    assert images.is_labelled


def test_images_are_loaded_by_item(tmp_path: Path) -> None:
    save(tmp_path / "cat" / "a.png", picture(7))
    images = open_image_set(tmp_path)

    assert np.array_equal(images.load(images.items[0]), picture(7))


def test_empty_class_folder_keeps_the_numbers_of_the_others(tmp_path: Path) -> None:
    fill(tmp_path, ["cat/a.png", "fox/a.png"])
    (tmp_path / "dog").mkdir()

    images = open_image_set(tmp_path)

    assert images.classes == ("cat", "dog", "fox")
    assert {item.class_index for item in images} == {0, 2}


def test_folder_without_images_is_no_class(tmp_path: Path) -> None:
    fill(tmp_path, ["cat/a.png"])
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "a.xml").touch()

    with pytest.raises(ImageSetError, match="annotations holds files but no images"):
        open_image_set(tmp_path)


def test_models_classes_give_the_numbers(tmp_path: Path) -> None:
    fill(tmp_path, ["dog/a.png", "cat/a.png"])

    images = open_image_set(tmp_path, class_names=["dog", "fox", "cat"])

    assert {item.id: item.class_index for item in images} == {"dog/a.png": 0, "cat/a.png": 2}
    assert images.classes == ("dog", "fox", "cat")


def test_folder_that_is_none_of_the_models_classes_is_named(tmp_path: Path) -> None:
    fill(tmp_path, ["dgo/a.png", "cat/a.png"])

    with pytest.raises(ImageSetError, match="dgo is none of the 3 classes") as caught:
        open_image_set(tmp_path, class_names=["dog", "fox", "cat"])

    assert caught.value.hint == "did you mean 'dog'?"


def test_list_that_was_found_is_named_when_a_folder_is_not_in_it(tmp_path: Path) -> None:
    fill(tmp_path / "pets", ["cat/a.png"])
    (tmp_path / "imagenet_labels.txt").write_text("tench\ngoldfish\n")

    with pytest.raises(ImageSetError, match=r"none of the 2 classes of .*imagenet_labels\.txt"):
        open_image_set(tmp_path / "pets")


def test_imagenet_folders_take_the_models_names_in_order(tmp_path: Path) -> None:
    fill(tmp_path, ["n01443537/a.png", "n01440764/a.png"])

    images = open_image_set(tmp_path, class_names=["tench", "goldfish"])

    assert {item.id: item.class_index for item in images}["n01443537/a.png"] == 1
    assert images.classes == ("tench", "goldfish")


def test_two_classes_of_one_name_cannot_be_told_apart(tmp_path: Path) -> None:
    fill(tmp_path, ["crane/a.png"])

    with pytest.raises(ImageSetError, match="3 classes of the model are called 'crane'"):
        open_image_set(tmp_path, class_names=["crane", "owl", "crane"])


def test_plain_folder_is_unlabelled(tmp_path: Path) -> None:
    fill(tmp_path, ["b.png", "a.JPG", "c.webp"])

    images = open_image_set(tmp_path)

    assert [item.id for item in images] == ["a.JPG", "b.png", "c.webp"]
    assert not images.is_labelled
    assert images.classes == ()


def test_plain_folder_beside_images_in_subfolders_is_unclear(tmp_path: Path) -> None:
    fill(tmp_path, ["a.png", "more/b.png"])

    with pytest.raises(ImageSetError, match="beside the folder more/"):
        open_image_set(tmp_path)


def test_subfolder_without_images_does_not_matter_to_a_plain_folder(tmp_path: Path) -> None:
    fill(tmp_path, ["a.png"])
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "x.txt").touch()

    assert len(open_image_set(tmp_path)) == 1


def test_hidden_files_and_litter_are_not_there(tmp_path: Path) -> None:
    fill(tmp_path, ["cat/a.png", ".cache/b.png", "__MACOSX/c.png", "cat/._a.png"])
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "cat" / "Thumbs.db").touch()

    images = open_image_set(tmp_path)

    assert [item.id for item in images] == ["cat/a.png"]
    assert images.classes == ("cat",)


def test_parts_of_a_data_set_are_not_classes(tmp_path: Path) -> None:
    fill(tmp_path, ["train/cat/a.png", "val/cat/a.png"])

    with pytest.raises(ImageSetError, match="parts of a data set") as caught:
        open_image_set(tmp_path)

    assert str(tmp_path / "train") in caught.value.hint


def test_labelled_folder_is_not_a_class_of_its_parent(tmp_path: Path) -> None:
    fill(tmp_path, ["photos/a.png", "others/a.png"])
    (tmp_path / "photos" / "labels.csv").write_text("file,label\na.png,0\n")

    with pytest.raises(ImageSetError, match="photos is an image set of its own"):
        open_image_set(tmp_path)


def test_link_back_to_a_folder_above_is_named(tmp_path: Path) -> None:
    fill(tmp_path, ["cat/a.png"])
    (tmp_path / "cat" / "again").symlink_to(tmp_path / "cat")

    with pytest.raises(ImageSetError, match="cat/again/ is a link back|again is a link back"):
        open_image_set(tmp_path)


def test_link_to_itself_is_named(tmp_path: Path) -> None:
    fill(tmp_path, ["cat/a.png"])
    (tmp_path / "cat" / "b.png").symlink_to("b.png")

    with pytest.raises(ImageSetError, match=r"b\.png is a link that leads nowhere"):
        open_image_set(tmp_path)


def test_link_to_images_elsewhere_is_followed(tmp_path: Path) -> None:
    fill(tmp_path / "store", ["a.png"])
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "cat").symlink_to(tmp_path / "store")

    assert [item.id for item in open_image_set(tmp_path / "set")] == ["cat/a.png"]


def test_pictures_of_kinds_we_cannot_read_are_listed(tmp_path: Path) -> None:
    fill(tmp_path, ["a.png"])
    (tmp_path / "b.HEIC").touch()

    assert open_image_set(tmp_path).skipped == ("b.HEIC",)


def test_folder_of_only_such_pictures_says_so(tmp_path: Path) -> None:
    (tmp_path / "b.heic").touch()

    with pytest.raises(ImageSetError, match=r"only such as b\.heic"):
        open_image_set(tmp_path)


@pytest.mark.parametrize("name", ["empty", "nested/empty"])
def test_empty_folder_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir(parents=True)

    with pytest.raises(ImageSetError, match="holds no images") as caught:
        open_image_set(tmp_path / name.split("/", maxsplit=1)[0])

    assert caught.value.exit_code == 4


def test_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImageSetError, match="there is no"):
        open_image_set(tmp_path / "nowhere")


def test_single_photo_is_not_a_set(tmp_path: Path) -> None:
    with pytest.raises(ImageSetError, match=r"a\.png is not an image set"):
        open_image_set(save(tmp_path / "a.png", picture(0)))


def test_name_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    fill(tmp_path, ["a.png"])
    try:
        (tmp_path / "b\udcff.png").write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes no such name")

    with pytest.raises(ImageSetError, match="not UTF-8"):
        open_image_set(tmp_path)


def test_name_in_other_letters_is_fine(tmp_path: Path) -> None:
    fill(tmp_path, ["chat été/日本.png"])

    images = open_image_set(tmp_path)

    assert images.load(images.items[0]).shape == (16, 24, 3)


def test_set_here_has_the_folders_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, ["a.png"])
    monkeypatch.chdir(tmp_path)

    assert open_image_set(Path()).name == tmp_path.name


def test_file_gone_after_listing_is_named(tmp_path: Path) -> None:
    fill(tmp_path, ["a.png"])
    images = open_image_set(tmp_path)
    (tmp_path / "a.png").unlink()

    with pytest.raises(ImageSetError, match=r"cannot read .*a\.png"):
        images.digest(images.items[0])


def test_the_folder_of_an_image_is_its_annotation(tmp_path: Path) -> None:
    images = open_image_set(fill(tmp_path, ["dog/a.png", "cat/a.png"]))
    assert [item.annotation for item in images] == [ClassLabel(0), ClassLabel(1)]
    assert images.class_indices == (0, 1)


def test_images_that_are_not_all_of_one_known_class_have_no_indices(tmp_path: Path) -> None:
    images = open_image_set(fill(tmp_path, ["a.png", "b.png"]))
    first, second = images.items
    labelled, several = ClassLabel(0), ClassLabels(frozenset({0, 1}))
    for annotations in ((None, None), (labelled, None), (labelled, several)):
        marked = replace(
            images,
            items=(
                replace(first, annotation=annotations[0]),
                replace(second, annotation=annotations[1]),
            ),
        )
        assert marked.class_indices is None
        assert marked.is_labelled == (None not in annotations)
    assert replace(images, items=()).class_indices is None
