"""Results as HTML for notebooks: a heading, tables, remarks and warnings."""

from collections.abc import Sequence
from typing import TypeAlias

from edgevision.report.markup import Markup, join, tag
from edgevision.report.tables import table

Table: TypeAlias = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Header and rows."""

_STYLE = """
.edgevision table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 6px 0; }
.edgevision td, .edgevision th { padding: 4px 10px; text-align: right; font-weight: normal;
  border-bottom: 1px solid rgba(128, 128, 128, .3); }
.edgevision th:first-child { text-align: left; font-weight: 600; }
.edgevision tr:first-child th { opacity: .7; }
.edgevision.words td, .edgevision.words th { text-align: left; }
.edgevision .remark { opacity: .7; font-size: 90%; }
"""
"""No colours of its own: a notebook is light or dark."""


def card(
    title: str,
    *tables: Table,
    remarks: Sequence[str] = (),
    warnings: Sequence[str] = (),
    holds_words: bool = False,
) -> str:
    """One result: what it is about, its tables, and what to know of them; text is escaped.

    Numbers are flush right; `holds_words` sets all cells flush left.
    """
    return tag(
        "div",
        tag("style", Markup(_STYLE)),
        tag("strong", title) if title else "",
        *(table(header, rows) for header, rows in tables if rows),
        *(tag("div", line, class_="remark") for line in remarks),
        join(*(tag("div", f"warning: {line}") for line in warnings)),
        class_="edgevision words" if holds_words else "edgevision",
    )
