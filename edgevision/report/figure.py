"""The frame every picture of the report has."""

from collections.abc import Sequence

from edgevision.report.markup import Markup, tag

WIDTH = 720
"""Of every picture in its own units; the page scales it."""


def figure(title: str, height: float, *content: str, note: str = "") -> Markup:
    """A picture with its title, which is also what a screen reader says, and a note below."""
    picture = tag(
        "svg",
        tag("title", title),
        *content,
        viewBox=f"0 0 {WIDTH} {height:.0f}",
        role="img",
        class_="chart",
    )
    caption = [tag("figcaption", tag("strong", title), f" {note}" if note else "")]
    return tag("figure", *caption, picture)


def color(index: int) -> str:
    """CSS class of the n-th model."""
    return f"c{index % 6}"


def legend(names: Sequence[str], classes: Sequence[str], y: float, x: float = 8) -> list[Markup]:
    """Names with their colours in a row."""
    parts = []
    for name, kind in zip(names, classes, strict=True):
        parts.append(tag("rect", x=x, y=y - 9, width=10, height=10, class_=f"fill {kind}"))
        parts.append(tag("text", name, x=x + 15, y=y))
        x += 30 + 6.6 * len(name)
    return parts


def apart(wanted: Sequence[float], distance: float) -> list[float]:
    """Positions as near as possible to those wanted, at least `distance` from each other."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed = [0.0] * len(wanted)
    last = float("-inf")
    for index in order:
        last = max(wanted[index], last + distance)
        placed[index] = last
    return placed
