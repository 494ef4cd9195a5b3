"""Where files are timed, and how to get at that machine."""

from collections.abc import Sequence
from pathlib import Path

from edgevision.api.arguments.unused import refuse_unused
from edgevision.bench.remote.dispatch import Access
from edgevision.bench.remote.target import AdbTarget, SshTarget, Target, parse_target
from edgevision.errors import UsageError


def place(
    on: str | None, *, ssh_config: str | Path | None, benchmark_model: str | Path | None
) -> tuple[Target | None, Access]:
    """The device whose times decide, None where none was named, and how to get there.

    Raises:
        UsageError: `on` names no place, lacks what it needs, or an argument would do nothing.
    """
    target = None if on is None else parse_target(on)
    if not isinstance(target, SshTarget):
        refuse_unused({"ssh_config": ssh_config}, without="--on ssh://HOST")
    if not isinstance(target, AdbTarget):
        refuse_unused({"benchmark_model": benchmark_model}, without="--on adb")
    elif benchmark_model is None:
        raise UsageError(
            f"timing on {target} needs TFLite's benchmark_model binary",
            hint="--benchmark-model PATH; docs/bench.md says where to get it",
        )
    return target, Access(
        ssh_options=_ssh_options(ssh_config), benchmark_model=_path(benchmark_model)
    )


def access_for(
    targets: Sequence[Target],
    *,
    ssh_config: str | Path | None,
    provision: bool,
    benchmark_model: str | Path | None,
    app: bool,
) -> Access:
    """How to get at the targets of a benchmark.

    Raises:
        UsageError: `app` or `benchmark_model` would do nothing.
    """
    if not any(isinstance(target, AdbTarget) for target in targets):
        refuse_unused({"app": app}, without="--on adb")
    if app:
        refuse_unused({"benchmark_model": benchmark_model})
    return Access(
        ssh_options=_ssh_options(ssh_config),
        is_provisioning=provision,
        benchmark_model=_path(benchmark_model),
        export=_export_for_app if app else None,
    )


def _ssh_options(config: str | Path | None) -> tuple[str, ...]:
    return ("-F", str(config)) if config else ()


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _export_for_app(model: Path, folder: Path) -> str:
    from edgevision.android.export import export_to
    from edgevision.android.project import demo_folder, read_project

    return export_to(folder, model, litert=read_project(demo_folder()).litert).sha256
