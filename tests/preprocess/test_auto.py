import numpy as np
import pytest
from numpy.typing import NDArray

from edgevision.errors import ImageSetError, UsageError
from edgevision.preprocess.auto import (
    PreprocessingChoice,
    PreprocessingTrial,
    candidates,
    clear_winner,
    misdeclaration,
    run_trials,
)
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.options import from_flags
from edgevision.preprocess.presets import preset_of
from edgevision.tensors import FloatArray

CLASSES = 10
LABELS: NDArray[np.int64] = np.arange(200) % CLASSES


def scores_with(right: int, *, of: int = 200, seed: int = 0) -> FloatArray:
    """Scores whose top-1 is the label for `right` of the first `of` images, chosen by `seed`."""
    answers = (LABELS[:of] + 1) % CLASSES
    hits = np.random.default_rng(seed).permutation(of)[:right]
    answers[hits] = LABELS[hits]
    scores = np.zeros((of, CLASSES), np.float32)
    scores[np.arange(of), answers] = 1
    return scores


def trial(name: str, preprocessing: ImagePreprocessing, scores: FloatArray) -> PreprocessingTrial:
    correct = scores.argmax(axis=1) == LABELS[: len(scores)]
    return PreprocessingTrial(
        name=name, preprocessing=preprocessing, correct=correct, scores=scores
    )


def preprocessing(mean: float, std: float) -> ImagePreprocessing:
    return ImagePreprocessing(width=8, height=8, mean=(mean,), std=(std,))


RAW, UNIT, TF, LITE = (
    preprocessing(0, 1),
    preprocessing(0, 255),
    preprocessing(127.5, 127.5),
    preprocessing(127, 128),
)


def test_every_preset_is_tried_in_both_colour_orders() -> None:
    names = [name for name, _ in candidates(width=8, height=8, channels=3)]

    assert "imagenet-torch" in names
    assert "imagenet-torch bgr" in names
    assert "imagenet-caffe rgb" in names
    assert len(names) == len(set(names)) == 12


def test_grey_model_is_tried_with_scalar_presets_once() -> None:
    names = [name for name, _ in candidates(width=8, height=8, channels=1)]

    assert names == ["raw", "unit", "imagenet-tf", "imagenet-lite"]


def test_what_the_user_fixed_is_kept_in_all_candidates() -> None:
    declared = from_flags(fit="center-crop", crop_fraction=0.875, color="bgr")

    found = [each for _, each in candidates(width=8, height=8, channels=3, declared=declared)]

    assert {(each.fit, each.crop_fraction, each.color) for each in found} == {
        ("center-crop", 0.875, "bgr")
    }


def test_model_is_found_out_by_what_it_was_trained_with() -> None:
    def score(tried: ImagePreprocessing) -> FloatArray:
        is_it = preset_of(tried) == "imagenet-torch"
        return scores_with(180 if is_it else 60, seed=hash(tried) % 1000)

    trials = run_trials(candidates(width=8, height=8, channels=3), score, LABELS)

    assert clear_winner(trials).name == "imagenet-torch"


def test_no_clear_winner_lists_all_scores() -> None:
    trials = [
        trial("raw", RAW, scores_with(100, seed=1)),
        trial("unit", UNIT, scores_with(104, seed=2)),
        trial("imagenet-tf", TF, scores_with(20, seed=3)),
    ]

    with pytest.raises(UsageError, match="cannot be told apart") as caught:
        clear_winner(trials)

    for words in ("unit 52.0 %", "raw 50.0 %", "imagenet-tf 10.0 %"):
        assert words in str(caught.value)


def test_values_alike_are_no_rivals_and_the_usual_one_is_taken() -> None:
    trials = [
        trial("raw", RAW, scores_with(20, seed=1)),
        trial("imagenet-tf", TF, scores_with(150, seed=2)),
        trial("imagenet-lite", LITE, scores_with(152, seed=2)),
    ]

    assert clear_winner(trials).name == "imagenet-tf"


def test_choice_is_told_beside_the_best_that_means_something_else() -> None:
    trials = (
        trial("raw", RAW, scores_with(40)),
        trial("imagenet-tf", TF, scores_with(150)),
        trial("imagenet-lite", LITE, scores_with(149)),
        trial("unit", UNIT, scores_with(62)),
    )
    choice = PreprocessingChoice(winner=clear_winner(trials), trials=trials)

    assert str(choice) == "auto chose imagenet-tf (75.0 % top-1; next unit 31.0 %)"


def test_grey_pictures_leave_the_usual_colour_order() -> None:
    scores = scores_with(150)
    bgr = ImagePreprocessing(width=8, height=8, color="bgr")

    assert clear_winner([trial("raw", RAW, scores), trial("raw bgr", bgr, scores)]).name == "raw"


def test_best_that_only_guesses_is_no_winner() -> None:
    # All wrong but for chance: taking the best of noise would be a guess.
    trials = [
        trial("raw", RAW, scores_with(22, seed=1)),
        trial("unit", UNIT, scores_with(0, seed=2)),
    ]

    with pytest.raises(UsageError, match="no better than chance"):
        clear_winner(trials)


def test_labels_are_needed() -> None:
    with pytest.raises(UsageError, match="needs labelled images"):
        run_trials([("raw", RAW)], lambda _: scores_with(1), LABELS[:0])


def test_label_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(ImageSetError, match="label 10 is none of the model's 10 classes"):
        run_trials([("raw", RAW)], lambda _: scores_with(1, of=2), np.array([3, 10]))


def test_wrong_declaration_is_doubted_with_both_figures() -> None:
    chosen = trial("unit", UNIT, scores_with(90, seed=1))
    better = trial("raw", RAW, scores_with(170, seed=2))

    warning = misdeclaration(chosen, [chosen, better])

    assert warning is not None
    assert "45.0 %" in warning
    assert "85.0 %" in warning
    assert "raw" in warning


def test_chance_is_doubted_with_its_figure() -> None:
    warning = misdeclaration(trial("raw", RAW, scores_with(21)), [])

    assert warning is not None
    assert "10.5 %" in warning
    assert "guessing among 10 classes 10.0 %" in warning


def test_nothing_speaks_against_a_good_score() -> None:
    chosen = trial("raw", RAW, scores_with(170, seed=1))
    a_little_better = trial("unit", UNIT, scores_with(174, seed=2))

    assert misdeclaration(chosen, [chosen, a_little_better]) is None


def test_few_images_are_no_evidence() -> None:
    # 3 of 4 against 2 of 4 tells nothing.
    trials = [
        trial("raw", RAW, scores_with(3, of=4, seed=1)),
        trial("unit", UNIT, scores_with(2, of=4, seed=2)),
    ]

    with pytest.raises(UsageError, match="on 4 images"):
        clear_winner(trials)


def test_declaration_is_doubted_on_stronger_evidence_than_a_winner_needs() -> None:
    # 8 images right only in one, 1 only in the other: p = 0.02.
    chosen_scores, rival_scores = scores_with(100), scores_with(100)
    for row, scores in [(row, chosen_scores) for row in range(8)] + [(8, rival_scores)]:
        scores[row] = np.eye(CLASSES)[(LABELS[row] + 1) % CLASSES]
    for row, scores in [(row, rival_scores) for row in range(8)] + [(8, chosen_scores)]:
        scores[row] = np.eye(CLASSES)[LABELS[row]]
    chosen, rival = trial("raw", RAW, chosen_scores), trial("unit", UNIT, rival_scores)

    assert misdeclaration(chosen, [rival]) is None
    assert clear_winner([chosen, rival]) is rival
