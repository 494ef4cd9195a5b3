"""Figures of cards: each under the name that readers know, if it is what they take it for."""

from edgevision.evaluation.compare import Comparison
from edgevision.metrics.estimate import Estimate
from edgevision.pipeline.candidates.card_figures import card_figures
from edgevision.tasks.figures import Agreement, Metric


def agreement(value: float, unit: str) -> Comparison:
    metric = Metric(name="agreement", title="agreement", estimate=Estimate(value=value), unit=unit)
    found = Agreement(images=4, metrics=(metric,), meaning="as the reference")
    return Comparison(images=4, agreement=found, ours=None, reference=None, paired=None)


def test_a_share_of_answers_alike_has_its_field() -> None:
    figures = card_figures("photos", 4, None, agreement(0.5, "share"), float_bytes=9)
    assert (figures.agreement, figures.metrics) == (0.5, ())


def test_what_another_task_calls_agreement_in_pixels_is_no_share() -> None:
    figures = card_figures("photos", 4, None, agreement(3.5, "px"), float_bytes=9)
    assert figures.agreement is None
    (figure,) = figures.metrics
    assert (figure.name, figure.value, figure.unit, figure.reference) == (
        "agreement",
        3.5,
        "px",
        "float",
    )
