"""Whether two models really differ in accuracy, and how many images it takes to see it."""

import math


def mcnemar(lost: int, won: int) -> float:
    """Two-sided exact p-value for `lost` images against `won` ones, if both were as likely.

    Source: McNemar 1947, Psychometrika 12; the exact form is the binomial test at one half.
    """
    count, fewer = lost + won, min(lost, won)
    tail = sum(math.comb(count, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << count))


def images_to_see(differing: float, drop: float = 0.01) -> int | None:
    """Images needed to show a `drop` in accuracy at 95 % confidence with 80 % chance.

    `differing` is the share of images on which exactly one of the two models is right: what the
    drop has to stand out from. None when it is 0.

    Source: the paired normal approximation, Connor 1987, Biometrics 43.
    """
    if differing <= 0:
        return None
    # At least the drop itself must differ, or there would be none to see.
    share = max(differing, drop)
    return math.ceil(
        (1.959964 * math.sqrt(share) + 0.841621 * math.sqrt(share - drop**2)) ** 2 / drop**2
    )
