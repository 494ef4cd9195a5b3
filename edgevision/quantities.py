"""Quantities in words: counts, file sizes and shares, the same on a terminal and on a page."""

import math


def megabytes(size_bytes: float) -> str:
    """A file size.

    >>> megabytes(3_620_000), megabytes(98_400)
    ('3.62 MB', '98.4 kB')
    """
    return f"{size_bytes / 1e6:.2f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.1f} kB"


def percent(share: float, digits: int = 1) -> str:
    """A share (0 to 1); "-" when there is none.

    >>> percent(0.871), percent(0.5, 0), percent(math.nan)
    ('87.1 %', '50 %', '-')
    """
    return f"{100 * share:.{digits}f} %" if math.isfinite(share) else "-"


def counted(count: int, noun: str) -> str:
    """So many of a thing.

    >>> counted(1, "image"), counted(40, "image")
    ('1 image', '40 images')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"
