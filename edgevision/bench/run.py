"""One benchmark on this machine, from the cases to the result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from edgevision.bench.accuracy import Accuracy, accuracy_of, change_between
from edgevision.bench.case import Case
from edgevision.bench.host import Host, read_host, warnings_about_host
from edgevision.bench.latency import time_cases
from edgevision.bench.plan import Plan
from edgevision.bench.ratio import ratio_of
from edgevision.bench.result import Measured, Result
from edgevision.bench.size import size_of
from edgevision.bench.stability import warnings_about
from edgevision.dataset.imageset import ImageSet
from edgevision.preprocess.contract import Contract
from edgevision.progress import Progress, silent
from edgevision.runtime.predict import predict


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Images to answer, and how each model wants them."""

    images: ImageSet
    contract_of: Callable[[Case], Contract]


def run_bench(
    cases: Sequence[Case],
    plan: Plan,
    *,
    evaluation: Evaluation | None = None,
    progress: Progress = silent,
) -> Result:
    """Time all cases interleaved on this machine, and evaluate them when images are given.

    Raises:
        MissingDependencyError: no runtime works here.
        ModelError: a model is damaged, or the runtime refuses it.
        ImageSetError: an image cannot be decoded.
    """
    host = read_host()
    latencies = time_cases(cases, plan, progress=progress)
    measured = tuple(
        Measured(
            name=case.name,
            file=case.model.name if isinstance(case.model, Path) else case.name,
            size=size_of(case.content()),
            latency=latency,
            warnings=warnings_about(latency),
        )
        for case, latency in zip(cases, latencies, strict=True)
    )
    if evaluation is not None:
        accuracies = _accuracies(cases, evaluation, progress)
        measured = tuple(
            replace(one, accuracy=accuracy)
            for one, accuracy in zip(measured, accuracies, strict=True)
        )
    return Result(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        host=host,
        plan=plan,
        models=measured,
        ratios=tuple(ratio_of(latencies[0], other) for other in latencies[1:]),
        data=evaluation.images.name if evaluation else None,
        classes=evaluation.images.classes if evaluation else (),
        warnings=_machine_warnings(host, cases),
    )


def _accuracies(
    cases: Sequence[Case], evaluation: Evaluation, progress: Progress
) -> list[Accuracy]:
    known = {}
    found: list[Accuracy] = []
    for case in cases:
        content = case.content()
        # A sweep over threads asks the same file; its answers do not depend on them.
        if content not in known:
            with case.open() as session:
                known[content] = predict(
                    session,
                    evaluation.contract_of(case),
                    evaluation.images,
                    progress=progress,
                    stage=f"evaluating {case.name}",
                )
        accuracy = accuracy_of(known[content])
        if found:
            first = known[cases[0].content()]
            accuracy = replace(
                accuracy, change=change_between(cases[0].name, first, known[content])
            )
        found.append(accuracy)
    return found


def _machine_warnings(host: Host, cases: Sequence[Case]) -> tuple[str, ...]:
    threads = max(case.threads for case in cases)
    return warnings_about_host(host, threads=threads)
