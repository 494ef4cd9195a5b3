"""`edgevision doctor`: what is installed, what works, and the exact line for what is missing."""

from typing import Annotated, Any, Literal

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options

EXTRAS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("run, inspect, evaluate, bench", "edgevision", ("numpy", "opencv-python-headless")),
    ("quantize", "edgevision[quantize]", ("flatbuffers", "threadpoolctl")),
    (
        "optimize, convert, prune",
        "edgevision[optimize]",
        ("tensorflow", "keras", "tf_keras", "tensorflow-model-optimization"),
    ),
    ("verify --plot", "edgevision[report]", ("matplotlib",)),
)
"""What a group of packages is for, the pip requirement that brings it, and its packages."""

ALTERNATIVES = {"opencv-python-headless": ("opencv-python", "opencv-contrib-python")}
"""Other distributions of the same module, which serve as well."""


def doctor(
    topic: Annotated[
        Literal["camera"] | None,
        typer.Argument(help="camera: why there is no picture; all of it unless given."),
    ] = None,
    *,
    as_json: options.Json = False,
) -> None:
    """Tell what is installed, what works, and how to get what is missing.

    Exits with 3 when no TFLite runtime works here; for camera, with 6 when there is none.
    """
    if topic == "camera":
        doctor_camera(as_json=as_json)
        return
    from dataclasses import asdict

    from edgevision import __version__
    from edgevision.errors import MissingDependencyError
    from edgevision.runtime.diagnose import check_runtimes, describe_machine

    machine, runtimes = describe_machine(), check_runtimes()
    packages = {name: version_of(name) for _, _, names in EXTRAS for name in names}
    advice = [
        f"pip install '{requirement}'   # for {purpose}"
        for purpose, requirement, names in EXTRAS
        if any(packages[name] is None for name in names)
    ]
    working = [health for health in runtimes if health.works]
    if working and not working[0].xnnpack:
        advice.append(
            "XNNPACK is off: models run several times slower; check that /proc/cpuinfo and "
            "/sys/devices/system/cpu are readable"
        )
    if as_json:
        console.print_json(
            {
                "edgevision": __version__,
                "machine": asdict(machine),
                "runtimes": [asdict(health) for health in runtimes],
                "packages": packages,
                "advice": advice,
            }
        )
    else:
        _render(__version__, machine, runtimes, packages, advice)
    if not working:
        message = "no TFLite runtime works here"
        raise MissingDependencyError(message, hint="pip install ai-edge-litert")


def doctor_camera(*, as_json: bool) -> None:
    """Tell what the camera loop finds on this machine.

    Raises:
        DeviceError: no camera of any kind can be used.
    """
    from dataclasses import asdict

    from rich.markup import escape

    from edgevision.camera.checkup import check_camera
    from edgevision.errors import DeviceError

    findings = check_camera()
    sources = {"picamera2", "rpicam-vid", "USB camera"}
    has_camera = any(each.subject in sources and each.state == "ok" for each in findings)
    if as_json:
        console.print_json({"camera": has_camera, "findings": [asdict(each) for each in findings]})
    else:
        table = console.new_table("part", "state", "detail", left=("state", "detail"))
        for each in findings:
            table.add_row(each.subject, each.state, escape(each.detail))
        console.print_table(table)
        for each in findings:
            if each.fix:
                console.print_text(f"{each.subject}: {each.fix}")
    if not has_camera:
        message = "no camera can be used here"
        raise DeviceError(message, hint="network cameras and files need none: --source rtsp://...")


def version_of(package: str) -> str | None:
    """The installed version of `package` or of another build of it, None when there is none."""
    from importlib.metadata import PackageNotFoundError, version

    for name in (package, *ALTERNATIVES.get(package, ())):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def _render(
    version: str,
    machine: Any,
    runtimes: Any,
    packages: dict[str, str | None],
    advice: list[str],
) -> None:
    console.print_text(f"edgevision {version}, Python {machine.python}, {machine.system}")
    console.print_text(f"{machine.cpu} ({machine.architecture}), {machine.usable_cpus} usable CPUs")
    reason = f"unknown ({machine.unknown or 'none of those that TFLite chooses by'})"
    console.print_text(f"CPU features: {' '.join(machine.features) or reason}")
    table = console.new_table("runtime", "state", "XNNPACK", left=("state", "XNNPACK"))
    for health in runtimes:
        state = f"works, {health.detail}" if health.works else health.detail
        table.add_row(health.package, state, ("on" if health.xnnpack else "off") * health.works)
    console.print_table(table)
    table = console.new_table("for", "package", "version", left=("package", "version"))
    for purpose, _, names in EXTRAS:
        for index, name in enumerate(names):
            table.add_row(purpose if not index else "", name, packages[name] or "not installed")
    console.print_table(table)
    for line in advice:
        console.print_text(line)
    if not advice:
        console.print_text("Everything is here.")
