"""A result as sentences for people: what may be concluded from its figures."""

from collections.abc import Sequence

from edgevision.bench.operators.explain import explain, outside
from edgevision.bench.results.result import BenchRun, Measured
from edgevision.bench.timing.ratio import Ratio


def sentences(result: BenchRun) -> tuple[str, ...]:
    """What may be concluded, one line each."""
    lines = [ratio_sentence(ratio) for ratio in result.ratios]
    for measured in result.models:
        lines.extend(_quality_sentences(measured))
        lines.extend(f"{measured.name}: {reason}" for reason in measured.unknown)
    lines.extend(_profile_sentences(result.models))
    lines.extend(str(one.sustained) for one in result.models if one.sustained)
    if result.host.unknown:
        lines.append(f"not told by this machine: {', '.join(result.host.unknown)}")
    return tuple(lines)


def _profile_sentences(models: Sequence[Measured]) -> list[str]:
    lines = []
    for one in models:
        if one.profile is not None:
            lines.append(
                f"{one.name}: the parts add up to {1 + one.profile.error:.0%} of the whole "
                f"({one.profile.whole_ms:.3g} ms)"
            )
            lines.extend(f"{one.name}: {warning}" for warning in one.profile.warnings)
    first = models[0]
    if first.profile is not None:
        lines.extend(
            explain(first.name, first.profile, one.name, one.profile)
            for one in models[1:]
            if one.profile is not None
        )
        if len(models) == 1:
            lines.append(f"{first.name}: {outside(first.profile)}")
    return lines


def ratio_sentence(ratio: Ratio) -> str:
    """The verdict with its interval, or why there is none."""
    if ratio.low is None or ratio.high is None:
        return (
            f"{ratio.name} / {ratio.base}: {ratio.ratio:.3f}; "
            f"{ratio.rounds} rounds are too few for an interval"
        )
    words = {
        "undecided": "no difference shown",
        "faster": f"{ratio.name} is faster",
        "slower": f"{ratio.name} is slower",
    }[ratio.verdict]
    return (
        f"{ratio.name} / {ratio.base}: {ratio.ratio:.3f} "
        f"({ratio.confidence:.0%}: {ratio.low:.3f} to {ratio.high:.3f}), {words}"
    )


def _quality_sentences(measured: Measured) -> list[str]:
    quality = measured.quality
    if quality is None or quality.paired is None:
        return []
    lines, paired = [], quality.paired
    if paired.p_value is not None:
        shown = "shown" if paired.p_value < 0.05 else "not shown"
        line = (
            f"{measured.name}: a change in accuracy is {shown} (McNemar p = {paired.p_value:.2g})"
        )
        if paired.images_for_a_point:
            line += f"; to see 1 point takes about {paired.images_for_a_point} images"
        lines.append(line)
    lost = [one for one in paired.class_drops if one.drop > 0]
    if lost:
        worst = ", ".join(
            f"{one.name} -{100 * one.drop:.0f} points of {one.support}" for one in lost[:3]
        )
        lines.append(f"{measured.name}: classes that lost most: {worst}")
    return lines
