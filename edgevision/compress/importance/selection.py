"""Which channels go: from scores and a target to a choice, in widths the hardware likes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd, lcm
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channel_graph import ChannelGraph, Space
from edgevision.compress.graph.channels import Ids
from edgevision.compress.importance.scores import Scores
from edgevision.compress.plan import Ranking, Target
from edgevision.errors import TargetMissedError

KeptChannels: TypeAlias = NDArray[np.bool_]
"""(numbers,) by standing number, False for what goes."""

Price: TypeAlias = Callable[[KeptChannels], float]
"""What a choice costs, in any unit: multiply-adds, weights or milliseconds."""

# However global the ranking, a layer keeps at least this share: one that is cut to a thread
# stops the whole network, and no fine-tuning brings that back.
_LEAST_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """Turns one number, the `amount` of pruning, into a choice of channels."""

    graph: ChannelGraph
    scores: Scores
    ranking: Ranking
    round_to: int
    """Layers shrink to multiples of this many channels."""

    def choose(self, amount: float) -> KeptChannels:
        """Remove about `amount` (0..1) of every layer, or of all channels ranked together."""
        kept = self.graph.all_kept()
        threshold = self._threshold(amount)
        for space in self.graph.spaces:
            if self.ranking == "layer":
                wanted = len(space.units) * (1 - amount)
            else:
                wanted = float((self._relative(space) >= threshold).sum())
            self._cut(space, wanted, kept)
        return kept

    def choose_for(self, target: Target, price: Price) -> KeptChannels:
        """The smallest choice that lowers `price` by the target's share.

        Raises:
            TargetMissedError: even the largest choice does not.
        """
        if target.measure == "channels":
            return self.choose(target.fraction)
        full = price(self.graph.all_kept())
        limit = full * (1 - target.fraction)
        if target.fraction == 0:
            return self.graph.all_kept()
        least = price(self.choose(1))
        if least > limit:
            message = (
                f"{100 * target.fraction:.0f} % of {target.measure} cannot be removed: "
                f"the most is {100 * (1 - least / full):.0f} %"
            )
            raise TargetMissedError(
                message, hint="keep fewer layers, round to fewer channels, or ask for less"
            )
        # Latency is measured, which takes seconds and trembles: seven halvings find it within 1 %.
        low, high = 0.0, 1.0
        for _ in range(7 if target.measure == "latency" else 30):
            middle = (low + high) / 2
            if price(self.choose(middle)) > limit:
                low = middle
            else:
                high = middle
        if target.measure == "latency":
            return self.choose(high)
        return self._between(self.choose(low), self.choose(high), limit, price)

    def _between(
        self, more: KeptChannels, less: KeptChannels, limit: float, price: Price
    ) -> KeptChannels:
        """Go from `more` channels to `less` one space at a time, and stop when it is enough.

        Because widths are rounded, many layers step down at the same amount, far past the target.
        """
        kept = more.copy()
        spaces = sorted(self.graph.spaces, key=lambda space: self._lost(space, more, less))
        for space in spaces:
            if price(kept) <= limit:
                break
            kept[space.units] = less[space.units]
        return self._with_change_spent(kept, limit, price)

    def _with_change_spent(self, kept: KeptChannels, limit: float, price: Price) -> KeptChannels:
        """Give channels back, the most important first, for as long as `limit` allows.

        One step of a wide layer may pass the target by much; what is over helps others.
        """
        growing = list(self.graph.spaces)
        while growing:
            blocks = [self._next_block(space, kept) for space in growing]
            best = int(np.argmax([worth for worth, _ in blocks]))
            _, block = blocks[best]
            more = kept.copy()
            more[block] = True
            if len(block) and price(more) <= limit:
                kept = more
            else:
                del growing[best]
        return kept

    def _next_block(self, space: Space, kept: KeptChannels) -> tuple[float, Ids]:
        """The removed channels of `space` that would come back next, and how important they are."""
        gone = ~kept[space.units]
        order = np.argsort(-self._relative(space)[gone], kind="stable")
        block = order[: self._step(space)]
        worth = float(self._relative(space)[gone][block].mean()) if len(block) else 0.0
        return worth, space.units[gone][block]

    def _lost(self, space: Space, more: KeptChannels, less: KeptChannels) -> float:
        going = space.units[more[space.units] & ~less[space.units]]
        return float(self._relative(space)[np.isin(space.units, going)].mean()) if len(going) else 0

    def _relative(self, space: Space) -> Scores:
        scores = self.scores[space.units]
        relative: Scores = scores / max(float(scores.mean()), 1e-30)
        return relative

    def _threshold(self, amount: float) -> float:
        if self.ranking == "layer" or not self.graph.spaces:
            return 0.0
        every = np.concatenate([self._relative(space) for space in self.graph.spaces])
        return float(np.quantile(every, amount)) if amount < 1 else np.inf

    def _step(self, space: Space) -> int:
        """How many units make a width that is a multiple of `round_to` in every layer."""
        return lcm(*(self.round_to // gcd(self.round_to, m) for m in space.multiplicity))

    def _cut(self, space: Space, wanted: float, kept: KeptChannels) -> None:
        count = len(space.units)
        step = self._step(space)
        least = min(count, max(step, -(-int(np.ceil(count * _LEAST_SHARE)) // step) * step))
        keep = count if wanted >= count else int(np.rint(wanted / step)) * step
        keep = min(count, max(least, keep))
        # Stable, so that equal scores always give the same choice.
        order = np.argsort(self.scores[space.units], kind="stable")
        kept[space.units[order[: count - keep]]] = False
