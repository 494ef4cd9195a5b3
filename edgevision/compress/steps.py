"""Going to a target in several rounds of removing and fine-tuning."""

from dataclasses import replace

from edgevision.compress.plan import PruningPlan
from edgevision.errors import UsageError


def step_plans(plan: PruningPlan, steps: int) -> tuple[PruningPlan, ...]:
    """Plans that, one after the other, remove what `plan` does: each the same share of the rest.

    Only the last one rounds widths: a small step of a narrow layer would round to nothing.

    Raises:
        UsageError: `steps` is below 1.
    """
    if steps < 1:
        message = f"there are 1 or more steps, got {steps}"
        raise UsageError(message)
    share = 1 - (1 - plan.target.fraction) ** (1 / steps)
    target = replace(plan.target, fraction=share if steps > 1 else plan.target.fraction)
    step = replace(plan, target=target, round_to=1)
    return (*(step for _ in range(steps - 1)), replace(plan, target=target))
