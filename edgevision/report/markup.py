"""HTML and SVG as values: text is escaped unless it is markup already."""

from html import escape


class Markup(str):
    """Text that is HTML or SVG and must not be escaped again."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: object) -> Markup:
    """An element: `tag("td", "a < b", class_="left", colspan=2)`.

    A trailing underscore is dropped and others become dashes, so that `class_` and `stroke_width`
    can be written; numbers get two decimals at most; attributes that are None are left out.
    """
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{words}>")
    return Markup(f"<{name}{words}>{join(*children)}</{name}>")


def join(*parts: str) -> Markup:
    """Parts one after another, escaped where they are plain text."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


_VOID = {"meta", "img", "br"}


def _text(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
