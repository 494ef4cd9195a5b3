import hashlib
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from edgevision.dataset.calibration.calibration_set import find_set, no_set, read_set, write_set
from edgevision.dataset.calibration.choose import choose
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.errors import EdgeVisionError, ImageSetError, UsageError
from edgevision.preprocess.options import from_flags
from edgevision.serialization.toml_text import to_toml
from tests.dataset.pictures import fill, picture, save


def made(folder: Path, *, source: str = "photos", into: str = "calibration") -> Path:
    """A set of 4 cats and 4 dogs, in `folder`; returns its folder."""
    fill(folder / source, [f"{name}/{k}.png" for name in ("cat", "dog") for k in range(4)])
    images = open_image_set(folder / source)
    declared = from_flags(preprocess="imagenet-torch", fit="center-crop", crop_fraction=0.875)
    write_set(folder / into, images, choose(images, count=6), seed=0, preprocessing=declared)
    return folder / into


def test_set_is_read_as_it_was_made(tmp_path: Path) -> None:
    folder = made(tmp_path)
    source = open_image_set(tmp_path / "photos")

    found = read_set(folder)

    assert found.images.items == choose(source, count=6).items
    assert found.images.classes == ("cat", "dog")
    assert found.images.is_labelled
    assert (found.seed, found.split, found.evaluation) == (0, "photos", None)
    assert found.preprocessing == from_flags(
        preprocess="imagenet-torch", fit="center-crop", crop_fraction=0.875
    )
    item = found.images.items[0]
    assert np.array_equal(found.images.load(item), source.load(item))
    assert found.images.digest(item) == source.digest(item)


def test_files_say_what_the_set_is(tmp_path: Path) -> None:
    folder = made(tmp_path)

    values = tomllib.loads((folder / "set.toml").read_text())
    manifest = (folder / "manifest.csv").read_text()

    assert values["schema_version"] == 1
    assert values["source"] == "../photos"
    assert values["images"] == 6
    assert values["manifest_sha256"] == hashlib.sha256(manifest.encode()).hexdigest()
    assert values["preprocessing"]["preset"] == "imagenet-torch"
    first = manifest.splitlines()[1].split(",")
    content = (tmp_path / "photos" / first[0]).read_bytes()
    assert first[2] == hashlib.sha256(content).hexdigest()


def test_set_moves_along_with_its_images(tmp_path: Path) -> None:
    made(tmp_path / "here")
    shutil.move(tmp_path / "here", tmp_path / "there")

    found = read_set(tmp_path / "there" / "calibration")

    assert found.images.load(found.images.items[0]).shape == (16, 24, 3)


def test_changed_image_is_named_when_it_is_loaded(tmp_path: Path) -> None:
    folder = made(tmp_path)
    found = read_set(folder)
    one, other = found.images.items[:2]
    save(tmp_path / "photos" / one.id, picture(99))

    assert found.images.load(other).any()
    with pytest.raises(ImageSetError, match=f"{one.id} was changed") as caught:
        found.images.load(one)

    assert caught.value.exit_code == 4


def test_deleted_image_is_named_when_it_is_loaded(tmp_path: Path) -> None:
    folder = made(tmp_path)
    found = read_set(folder)
    (tmp_path / "photos" / found.images.items[0].id).unlink()

    with pytest.raises(ImageSetError, match=found.images.items[0].id):
        found.images.load(found.images.items[0])


def test_images_gone_altogether_are_named(tmp_path: Path) -> None:
    folder = made(tmp_path)
    shutil.rmtree(tmp_path / "photos")

    with pytest.raises(ImageSetError, match=r"images of .*set\.toml are gone"):
        read_set(folder)


def test_rows_of_an_array_are_pinned_too(tmp_path: Path) -> None:
    x = np.stack([picture(seed) for seed in range(6)])
    np.savez(tmp_path / "train.npz", x=x, y=np.arange(6) % 2)
    images = open_image_set(tmp_path / "train.npz")
    write_set(tmp_path / "calibration", images, choose(images, count=4), seed=0)
    found = read_set(tmp_path / "calibration")
    item = found.images.items[0]
    row = int(item.id.rpartition("#")[2])

    assert np.array_equal(found.images.load(item), x[row])
    assert (found.split, found.preprocessing) == ("train", None)

    x[row] ^= 1
    np.savez(tmp_path / "train.npz", x=x, y=np.arange(6) % 2)
    with pytest.raises(ImageSetError, match=r"train\.npz#\d was changed"):
        read_set(tmp_path / "calibration").images.load(item)

    np.savez(tmp_path / "train.npz", x=x[:1], y=[0])
    with pytest.raises(ImageSetError, match="any more"):
        read_set(tmp_path / "calibration")


def test_existing_set_is_not_replaced_unasked(tmp_path: Path) -> None:
    folder = made(tmp_path)
    before = (folder / "set.toml").read_bytes(), (folder / "manifest.csv").read_bytes()
    images = open_image_set(tmp_path / "photos")

    with pytest.raises(UsageError, match="exists already"):
        write_set(folder, images, choose(images, count=2), seed=3)

    assert before == ((folder / "set.toml").read_bytes(), (folder / "manifest.csv").read_bytes())


def test_overwriting_leaves_one_consistent_set(tmp_path: Path) -> None:
    folder = made(tmp_path)
    images = open_image_set(tmp_path / "photos")

    write_set(folder, images, choose(images, count=2, seed=3), seed=3, overwrite=True)

    assert len(read_set(folder).images) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.csv", "set.toml"]


def test_half_rewritten_set_is_noticed(tmp_path: Path) -> None:
    folder = made(tmp_path)
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join(manifest.read_text().splitlines()[:-1]) + "\n")

    with pytest.raises(ImageSetError, match=r"manifest\.csv is not the one"):
        read_set(folder)


def test_unwritable_folder_is_a_sentence(tmp_path: Path) -> None:
    images = open_image_set(fill(tmp_path / "photos", ["a.png"]))
    (tmp_path / "calibration").write_text("a file where the folder should be")

    with pytest.raises(EdgeVisionError, match="cannot write"):
        write_set(tmp_path / "calibration", images, choose(images), seed=0)


def forge(folder: Path, *rows: str) -> None:
    """Replace the manifest's rows, with a digest and a count that fit."""
    manifest = "\n".join(["file,label,sha256", *rows]) + "\n"
    (folder / "manifest.csv").write_text(manifest)
    values = tomllib.loads((folder / "set.toml").read_text())
    values |= {
        "manifest_sha256": hashlib.sha256(manifest.encode()).hexdigest(),
        "images": len(rows),
    }
    (folder / "set.toml").write_text(to_toml(values))


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("../../etc/passwd.png,0,00", "row 2: .* leads out"),
        ("/etc/passwd.png,0,00", "leads out"),
        ("./cat/0.png,0,00", "does not belong there"),
        ("cat/0.png,zero,00", "row 2 is damaged"),
        ("cat/0.png,0", "row 2 is damaged"),
        ('cat/0.png,0,"00', "is damaged"),
    ],
)
def test_forged_manifest_is_refused(tmp_path: Path, row: str, complaint: str) -> None:
    folder = made(tmp_path)
    forge(folder, row)

    with pytest.raises(ImageSetError, match=complaint):
        read_set(folder)


def test_manifest_with_another_head_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path)
    forge(folder)
    content = b"a,b\n"
    (folder / "manifest.csv").write_bytes(content)
    text = (folder / "set.toml").read_text()
    digest = tomllib.loads(text)["manifest_sha256"]
    (folder / "set.toml").write_text(text.replace(digest, hashlib.sha256(content).hexdigest()))

    with pytest.raises(ImageSetError, match="does not begin with file,label,sha256"):
        read_set(folder)


def test_count_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path)
    text = (folder / "set.toml").read_text()
    (folder / "set.toml").write_text(text.replace("images = 6", "images = 7"))

    with pytest.raises(ImageSetError, match="lists 6 images, not 7"):
        read_set(folder)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("schema_version = 1", "schema_version = 2", "version 2, known is 1"),
        ("schema_version = 1", "", "has no schema_version"),
        ("seed = 0", "sead = 0", "unknown name 'sead'"),
        ("seed = 0", "", "seed is missing"),
        ("seed = 0", "seed = true", "seed should be a whole number"),
        ('source = "../photos"', "source = 3", "source should be text"),
        ("seed = 0", "seed = ", "is not TOML"),
        ('preset = "imagenet-torch"', 'preset = "torch"', "no preprocessing preset 'torch'"),
        ('  "cat",\n', "  1,\n", "classes.0. should be text"),
    ],
)
def test_edited_set_file_is_checked(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    folder = made(tmp_path)
    text = (folder / "set.toml").read_text()
    assert old in text
    (folder / "set.toml").write_text(text.replace(old, new))

    with pytest.raises(ImageSetError, match=complaint) as caught:
        read_set(folder)

    assert "set.toml" in str(caught.value)


def test_folder_without_a_set_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ImageSetError, match="cannot read") as caught:
        read_set(tmp_path)

    assert "edgevision calibration build" in caught.value.hint


def test_set_is_found_where_optimize_is_run(tmp_path: Path) -> None:
    assert find_set(tmp_path) is None
    made(tmp_path)

    assert find_set(tmp_path) == tmp_path / "calibration"


def test_set_in_a_folder_of_calibration_is_found(tmp_path: Path) -> None:
    made(tmp_path, into="calibration/photos")

    assert find_set(tmp_path) == tmp_path / "calibration" / "photos"


def test_several_sets_are_listed_and_none_is_picked(tmp_path: Path) -> None:
    made(tmp_path, into="calibration/one")
    made(tmp_path, into="calibration/two")

    with pytest.raises(ImageSetError, match="calibration/one, .*calibration/two"):
        find_set(tmp_path)


def test_no_set_says_how_to_make_one(tmp_path: Path) -> None:
    assert "edgevision calibration build" in no_set(tmp_path).hint


def test_evaluation_set_is_remembered(tmp_path: Path) -> None:
    images = open_image_set(fill(tmp_path / "photos", ["a.png"]))
    fill(tmp_path / "held out", ["b.png"], seed=1)

    write_set(
        tmp_path / "calibration",
        images,
        choose(images),
        seed=0,
        evaluation=tmp_path / "held out",
    )

    assert read_set(tmp_path / "calibration").evaluation == tmp_path / "held out"
