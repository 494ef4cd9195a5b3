from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edgevision.dataset.calibration.check import SetFinding, check
from edgevision.dataset.calibration.stability import Range, measure_stability, overlap
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.dataset.imageset import ImageSet, Item
from edgevision.tensors import RgbImage
from tests.dataset.pictures import fill, picture, save


def a_hundred(folder: Path) -> Path:
    return fill(folder, [f"{number:03}.png" for number in range(100)])


def kinds(findings: Sequence[SetFinding]) -> list[tuple[str, str]]:
    return [(finding.severity, finding.kind) for finding in findings]


def found(findings: Sequence[SetFinding], kind: str) -> SetFinding:
    (finding,) = (finding for finding in findings if finding.kind == kind)
    return finding


def replace(folder: Path, names: Sequence[str], image: RgbImage) -> None:
    for number, name in enumerate(names):
        different = image.copy()
        # Of different size, so that they are no duplicates.
        save(folder / name, np.ascontiguousarray(different[: different.shape[0] - number]))


def test_good_set_has_nothing_but_a_note_on_stability(tmp_path: Path) -> None:
    findings = check(open_image_set(a_hundred(tmp_path)))

    assert kinds(findings) == [("note", "stability")]


@pytest.mark.parametrize(("count", "severity"), [(9, "error"), (10, "warning"), (99, "warning")])
def test_few_images_are_said(tmp_path: Path, count: int, severity: str) -> None:
    images = open_image_set(fill(tmp_path, [f"{number}.png" for number in range(count)]))

    assert found(check(images), "too-few").severity == severity


@pytest.mark.parametrize(("count", "severity"), [(1, "warning"), (11, "error")])
def test_images_scaled_to_0_1_before_saving_are_named(
    tmp_path: Path, count: int, severity: str
) -> None:
    a_hundred(tmp_path)
    names = [f"{number:03}.png" for number in range(count)]
    replace(tmp_path, names, picture(5) // 128)

    finding = found(check(open_image_set(tmp_path)), "range")

    assert (finding.severity, finding.items) == (severity, tuple(names))
    assert "scaled to 0..1" in finding.message


def test_constant_image_is_named(tmp_path: Path) -> None:
    a_hundred(tmp_path)
    replace(tmp_path, ["007.png"], np.full((16, 24, 3), 90, np.uint8))

    finding = found(check(open_image_set(tmp_path)), "constant")

    assert finding.message == "007.png is of one single colour"


def test_nearly_black_images_are_named(tmp_path: Path) -> None:
    a_hundred(tmp_path)
    replace(tmp_path, ["007.png", "008.png"], picture(5) // 20)

    assert found(check(open_image_set(tmp_path)), "dark").items == ("007.png", "008.png")


def test_set_of_half_range_pixels_is_suspicious(tmp_path: Path) -> None:
    for number in range(100):
        save(tmp_path / f"{number}.png", picture(number) // 3)

    assert (
        "no pixel of any image is above 85"
        in found(check(open_image_set(tmp_path)), "range").message
    )


def test_grey_set_is_worth_a_note(tmp_path: Path) -> None:
    for number in range(100):
        save(tmp_path / f"{number}.png", np.repeat(picture(number)[..., :1], 3, axis=2))

    assert found(check(open_image_set(tmp_path)), "grey").severity == "note"


def test_damaged_image_is_an_error_and_the_rest_is_checked(tmp_path: Path) -> None:
    a_hundred(tmp_path)
    (tmp_path / "050.png").write_bytes(b"no picture")

    findings = check(open_image_set(tmp_path))

    assert findings[0].kind == "unreadable"
    assert findings[0].items == ("050.png",)
    assert found(findings, "too-few").message.startswith("99 images")


def test_duplicates_are_named_across_kinds_of_files(tmp_path: Path) -> None:
    a_hundred(tmp_path)
    save(tmp_path / "x.bmp", picture(3))

    finding = found(check(open_image_set(tmp_path)), "duplicates")

    assert finding.message == "x.bmp shows the same picture as 003.png"


def test_overlap_with_the_evaluation_set_is_an_error_by_content(tmp_path: Path) -> None:
    a_hundred(tmp_path / "calibration")
    save(tmp_path / "evaluation" / "renamed.bmp", picture(4))

    findings = check(
        open_image_set(tmp_path / "calibration"),
        evaluation=open_image_set(tmp_path / "evaluation"),
    )

    assert found(findings, "overlap").severity == "error"
    assert found(findings, "overlap").items == ("004.png",)


def test_other_pictures_do_not_overlap(tmp_path: Path) -> None:
    a_hundred(tmp_path / "calibration")
    fill(tmp_path / "evaluation", ["000.png"], seed=9)

    findings = check(
        open_image_set(tmp_path / "calibration"),
        evaluation=open_image_set(tmp_path / "evaluation"),
    )

    assert "overlap" not in [finding.kind for finding in findings]


def labelled(folder: Path, counts: dict[str, int]) -> ImageSet:
    names = [f"{name}/{number}.png" for name, count in counts.items() for number in range(count)]
    fill(folder, names)
    return open_image_set(folder, class_names=["cat", "dog", "fox"])


def test_balanced_classes_are_fine(tmp_path: Path) -> None:
    assert "imbalance" not in [
        finding.kind for finding in check(labelled(tmp_path, {"cat": 40, "dog": 30, "fox": 30}))
    ]


def test_imbalance_is_said_with_the_figures(tmp_path: Path) -> None:
    finding = found(check(labelled(tmp_path, {"cat": 70, "dog": 20, "fox": 20})), "imbalance")

    assert finding.message == "class cat has 70 images, class fox has 20"


def test_missing_class_is_said(tmp_path: Path) -> None:
    finding = found(check(labelled(tmp_path, {"cat": 50, "dog": 50})), "imbalance")

    assert finding.message == "1 of 3 classes have no image: fox"


def test_skipped_pictures_are_said(tmp_path: Path) -> None:
    a_hundred(tmp_path)
    (tmp_path / "holiday.heic").touch()

    assert (
        "holiday.heic cannot be read" in found(check(open_image_set(tmp_path)), "skipped").message
    )


def test_errors_come_first(tmp_path: Path) -> None:
    a_hundred(tmp_path)
    save(tmp_path / "x.bmp", picture(3))
    (tmp_path / "050.png").write_bytes(b"no picture")

    severities = [finding.severity for finding in check(open_image_set(tmp_path))]

    assert severities == sorted(severities, key=["error", "warning", "note"].index)


def test_halves_with_other_ranges_are_unstable(tmp_path: Path) -> None:
    halves: list[Sequence[Item]] = []

    def ranges_of(items: Sequence[Item]) -> dict[str, Range]:
        halves.append(items)
        return {"steady": (0.0, 1.0), "odd": (0.0, 1.0 if len(halves) == 1 else 3.0)}

    images = open_image_set(a_hundred(tmp_path))
    finding = found(check(images, ranges_of=ranges_of), "stability")

    assert finding.severity == "warning"
    assert "1 of 2 activation ranges, most in odd (overlap 0.33)" in finding.message
    assert sorted(item.id for half in halves for item in half) == [item.id for item in images]
    assert len(halves[0]) == len(halves[1]) == 50


def test_set_that_changes_along_the_way_is_halved_fairly(tmp_path: Path) -> None:
    # Sorted by brightness: a plain first and second half would differ.
    for number in range(100):
        save(tmp_path / f"{number:03}.png", picture(number) // 2 + np.uint8(number // 3))

    assert found(check(open_image_set(tmp_path)), "stability").severity == "note"


def test_few_unstable_tensors_among_many_are_let_pass() -> None:
    def ranges_of(items: Sequence[Item]) -> dict[str, Range]:
        wide = 1.0 + 9.0 * ("a" in [item.id for item in items])
        return {f"steady {number}": (0.0, 1.0) for number in range(9)} | {"odd": (0.0, wide)}

    stability = measure_stability([Item("a"), Item("b")], ranges_of)

    assert stability.unstable == ("odd",)
    assert stability.is_stable


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ((0.0, 1.0), (0.0, 1.0), 1.0),
        ((0.0, 1.0), (0.0, 2.0), 0.5),
        ((-1.0, 1.0), (0.0, 2.0), 1 / 3),
        ((0.0, 1.0), (2.0, 3.0), 0.0),
        ((5.0, 5.0), (5.0, 5.0), 1.0),
    ],
)
def test_overlap_is_the_share_both_cover(one: Range, other: Range, share: float) -> None:
    assert overlap(one, other) == pytest.approx(share)


def test_real_calibration_photos_pass_beside_the_evaluation_photos(shared: Path) -> None:
    findings = check(
        open_image_set(shared / "photos" / "calibration"),
        evaluation=open_image_set(shared / "photos" / "evaluation"),
    )

    assert kinds(findings) == [("note", "stability")]
