"""Channel selection: from importance and a target to a mask, in widths the hardware likes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd, lcm
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channel_graph import ChannelGraph, PruningGroup
from edgevision.compress.graph.channels import ChannelIds
from edgevision.compress.importance.scores import Scores
from edgevision.compress.plan import Ranking, Target
from edgevision.errors import TargetMissedError

ChannelMask: TypeAlias = NDArray[np.bool_]
"""(channels,) by representative, False for what goes."""

CostFunction: TypeAlias = Callable[[ChannelMask], float]
"""What a mask costs, in any unit: multiply-adds, weights or milliseconds."""

# However global the ranking, a layer keeps at least this share: one that is cut to a thread
# stops the whole network, and no fine-tuning brings that back.
_LEAST_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSelector:
    """Turns one number, the `amount` of pruning, into a mask of channels."""

    graph: ChannelGraph
    scores: Scores
    ranking: Ranking
    round_to: int
    """Layers shrink to multiples of this many channels."""

    def select(self, amount: float) -> ChannelMask:
        """Remove about `amount` (0..1) of every layer, or of all channels ranked together."""
        mask = self.graph.full_mask()
        threshold = self._threshold(amount)
        for pruning_group in self.graph.pruning_groups:
            if self.ranking == "layer":
                wanted = len(pruning_group.units) * (1 - amount)
            else:
                wanted = float((self._relative(pruning_group) >= threshold).sum())
            self._cut(pruning_group, wanted, mask)
        return mask

    def select_for(self, target: Target, cost_of: CostFunction) -> ChannelMask:
        """The smallest removal that lowers `cost_of` by the target's share.

        Raises:
            TargetMissedError: even the largest removal does not.
        """
        if target.measure == "channels":
            return self.select(target.fraction)
        full = cost_of(self.graph.full_mask())
        limit = full * (1 - target.fraction)
        if target.fraction == 0:
            return self.graph.full_mask()
        least = cost_of(self.select(1))
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
            if cost_of(self.select(middle)) > limit:
                low = middle
            else:
                high = middle
        if target.measure == "latency":
            return self.select(high)
        return self._between(self.select(low), self.select(high), limit, cost_of)

    def _between(
        self, more: ChannelMask, less: ChannelMask, limit: float, cost_of: CostFunction
    ) -> ChannelMask:
        """Go from `more` channels to `less` one group at a time, and stop when it is enough.

        Because widths are rounded, many layers step down at the same amount, far past the target.
        """
        mask = more.copy()
        pruning_groups = sorted(
            self.graph.pruning_groups,
            key=lambda pruning_group: self._lost(pruning_group, more, less),
        )
        for pruning_group in pruning_groups:
            if cost_of(mask) <= limit:
                break
            mask[pruning_group.units] = less[pruning_group.units]
        return self._with_change_spent(mask, limit, cost_of)

    def _with_change_spent(
        self, mask: ChannelMask, limit: float, cost_of: CostFunction
    ) -> ChannelMask:
        """Give channels back, the most important first, for as long as `limit` allows.

        One step of a wide layer may pass the target by much; what is over helps others.
        """
        growing = list(self.graph.pruning_groups)
        while growing:
            blocks = [self._next_block(pruning_group, mask) for pruning_group in growing]
            best = int(np.argmax([worth for worth, _ in blocks]))
            _, block = blocks[best]
            more = mask.copy()
            more[block] = True
            if len(block) and cost_of(more) <= limit:
                mask = more
            else:
                del growing[best]
        return mask

    def _next_block(
        self, pruning_group: PruningGroup, mask: ChannelMask
    ) -> tuple[float, ChannelIds]:
        """The removed channels of the group that would come back next, and their importance."""
        gone = ~mask[pruning_group.units]
        order = np.argsort(-self._relative(pruning_group)[gone], kind="stable")
        block = order[: self._step(pruning_group)]
        worth = float(self._relative(pruning_group)[gone][block].mean()) if len(block) else 0.0
        return worth, pruning_group.units[gone][block]

    def _lost(self, pruning_group: PruningGroup, more: ChannelMask, less: ChannelMask) -> float:
        going = pruning_group.units[more[pruning_group.units] & ~less[pruning_group.units]]
        return (
            float(self._relative(pruning_group)[np.isin(pruning_group.units, going)].mean())
            if len(going)
            else 0
        )

    def _relative(self, pruning_group: PruningGroup) -> Scores:
        scores = self.scores[pruning_group.units]
        relative: Scores = scores / max(float(scores.mean()), 1e-30)
        return relative

    def _threshold(self, amount: float) -> float:
        if self.ranking == "layer" or not self.graph.pruning_groups:
            return 0.0
        every = np.concatenate(
            [self._relative(pruning_group) for pruning_group in self.graph.pruning_groups]
        )
        return float(np.quantile(every, amount)) if amount < 1 else np.inf

    def _step(self, pruning_group: PruningGroup) -> int:
        """How many units make a width that is a multiple of `round_to` in every layer."""
        return lcm(*(self.round_to // gcd(self.round_to, m) for m in pruning_group.multiplicity))

    def _cut(self, pruning_group: PruningGroup, wanted: float, mask: ChannelMask) -> None:
        count = len(pruning_group.units)
        step = self._step(pruning_group)
        least = min(count, max(step, -(-int(np.ceil(count * _LEAST_SHARE)) // step) * step))
        keep = count if wanted >= count else int(np.rint(wanted / step)) * step
        keep = min(count, max(least, keep))
        # Stable, so that equal scores always give the same choice.
        order = np.argsort(self.scores[pruning_group.units], kind="stable")
        mask[pruning_group.units[order[: count - keep]]] = False
