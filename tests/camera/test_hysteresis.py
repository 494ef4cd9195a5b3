import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.camera.loop.hysteresis import Hysteresis, Smoothing, parse_smoothing
from edgevision.errors import UsageError
from edgevision.tasks.answer import LabelledItem


def seen(**scores: float) -> tuple[LabelledItem, ...]:
    return tuple(LabelledItem(index=0, label=label, score=score) for label, score in scores.items())


def test_label_holds_from_the_upper_threshold_until_below_the_lower() -> None:
    hysteresis = Hysteresis(Smoothing(), on=0.6, off=0.4)
    history = [hysteresis.update(seen(cat=score)) for score in (0.5, 0.61, 0.5, 0.41, 0.39, 0.5)]
    assert history == [(), ("cat",), ("cat",), ("cat",), (), ()]


def test_exponential_smoothing_rides_out_one_bad_frame() -> None:
    hysteresis = Hysteresis(parse_smoothing("ema:0.5"), on=0.6, off=0.3)
    for _ in range(6):
        hysteresis.update(seen(cat=0.9))
    assert hysteresis.update(seen()) == ("cat",)
    assert hysteresis.update(seen()) == ()


def test_votes_need_so_many_of_the_last_frames() -> None:
    hysteresis = Hysteresis(parse_smoothing("2/3"), on=0.5, off=0.5)
    frames = [seen(cat=0.9), seen(), seen(cat=0.9), seen(), seen()]
    assert [hysteresis.update(frame) for frame in frames] == [(), (), ("cat",), (), ()]


def test_the_best_of_several_objects_of_a_label_counts() -> None:
    items = (*seen(person=0.2), *seen(person=0.9), *seen(person=0.3))
    assert Hysteresis(Smoothing(), on=0.5, off=0.4).update(items) == ("person",)


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(0, 1)), max_size=40),
    st.sampled_from(["none", "ema:0.7", "2/4"]),
)
def test_every_label_is_forgotten_when_it_is_gone(
    frames: list[dict[str, float]], smoothing: str
) -> None:
    hysteresis = Hysteresis(parse_smoothing(smoothing), on=0.5, off=0.2)
    for frame in frames:
        hysteresis.update(seen(**frame))
    for _ in range(40):
        held = hysteresis.update(())
    assert held == ()
    assert not hysteresis._smoothed


@pytest.mark.parametrize("text", ["", "ema", "ema:1", "ema:1.5", "4/3", "0/3", "3/0", "mean"])
def test_unknown_smoothing_says_what_there_is(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_smoothing(text)
    assert "ema:0.8" in caught.value.hint


@pytest.mark.parametrize(("on", "off"), [(0.4, 0.5), (1.1, 0.5), (0.5, -0.1), (float("nan"), 0)])
def test_thresholds_in_the_wrong_order_are_refused(on: float, off: float) -> None:
    with pytest.raises(UsageError):
        Hysteresis(Smoothing(), on=on, off=off)
