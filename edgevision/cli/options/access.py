"""How `edgevision bench` gets at other machines, from its options."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.cli.options import common as options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgevision.bench.remote.dispatch import Access
    from edgevision.bench.remote.target import Target


def access_for(
    targets: "Sequence[Target]",
    ssh_config: Path | None,
    *,
    provision: bool,
    benchmark_model: Path | None,
    app: bool,
) -> "Access":
    """How to get at the targets, from the options of that name.

    Raises:
        UsageError: `--app` or `--benchmark-model` would do nothing.
    """
    from edgevision.bench.remote.dispatch import Access
    from edgevision.bench.remote.target import AdbTarget

    if not any(isinstance(target, AdbTarget) for target in targets):
        options.refuse_unused({"app": app}, without="--on adb")
    if app:
        options.refuse_unused({"benchmark_model": benchmark_model})
    return Access(
        ssh_options=("-F", str(ssh_config)) if ssh_config else (),
        is_provisioning=provision,
        benchmark_model=benchmark_model,
        export=_export_for_app if app else None,
    )


def _export_for_app(model: Path, folder: Path) -> str:
    from edgevision.android.export import export_to
    from edgevision.android.project import demo_folder, read_project

    return export_to(folder, model, litert=read_project(demo_folder()).litert).sha256
