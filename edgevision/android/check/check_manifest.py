"""Checks of the manifest, of an APK or of a project."""

from collections.abc import Callable, Iterator

from edgevision.android.check.finding import AppFinding, Outcome, find
from edgevision.android.check.manifest import Element

LEAST_MIN_SDK = 26
"""Android 8: adaptive icons, and the oldest the demo was written for."""

LEAST_TARGET_SDK = 35
"""What app stores ask of new apps since August 2025."""

_ALLOWED_PERMISSIONS = {"android.permission.CAMERA"}
_OWN_PERMISSION = ".DYNAMIC_RECEIVER_NOT_EXPORTED_PERMISSION"
"""End of the name of a permission that AndroidX declares and only the app itself can hold."""


def check_manifest(manifest: Callable[[], Element]) -> Iterator[AppFinding]:
    """Findings about permissions, the camera and the launcher."""
    yield find("permissions", lambda: _permissions(manifest()))
    yield find("camera-optional", lambda: _camera_optional(manifest()))
    yield find("launcher", lambda: _launcher(manifest()))


def check_sdk(levels: Callable[[], tuple[int, int]]) -> AppFinding:
    """The finding about `(min SDK, target SDK)`."""
    return find("sdk-levels", lambda: _sdk_levels(*levels()))


def sdk_of(manifest: Element) -> tuple[int, int]:
    """`(min SDK, target SDK)` of an APK's manifest; 1 for what it does not say."""
    for uses in manifest.find_all("uses-sdk"):
        return uses.integer("minSdkVersion") or 1, uses.integer("targetSdkVersion") or 1
    return 1, 1


def activities(manifest: Element) -> Iterator[tuple[str, Element]]:
    """`(class name, element)` of every activity."""
    package = manifest.text("package")
    for activity in manifest.find_all("activity"):
        name = activity.text("name")
        yield (package + name if name.startswith(".") else name), activity


def _sdk_levels(min_sdk: int, target_sdk: int) -> tuple[Outcome, str]:
    if min_sdk < LEAST_MIN_SDK:
        return "failed", f"minSdk {min_sdk} is below {LEAST_MIN_SDK}"
    if target_sdk < LEAST_TARGET_SDK:
        return "failed", f"targetSdk {target_sdk} is below {LEAST_TARGET_SDK}, which stores ask for"
    return "ok", f"min {min_sdk}, target {target_sdk}"


def _permissions(manifest: Element) -> tuple[Outcome, str]:
    asked = {element.text("name") for element in manifest.find_all("uses-permission")}
    # AndroidX declares one that only the app itself can hold.
    asked = {
        name for name in asked if not name.endswith(".DYNAMIC_RECEIVER_NOT_EXPORTED_PERMISSION")
    }
    if strangers := sorted(asked - _ALLOWED_PERMISSIONS):
        return "failed", f"asks for {strangers[0]}"
    if not asked:
        return "failed", "does not ask for the camera"
    return "ok", "camera only, no network"


def _camera_optional(manifest: Element) -> tuple[Outcome, str]:
    for feature in manifest.find_all("uses-feature"):
        name = feature.text("name")
        if "camera" in name and feature.flag("required", default=True):
            return "failed", f"{name} is required: stores hide the app from phones without it"
    declared = [f for f in manifest.find_all("uses-feature") if "camera" in f.text("name")]
    if not declared:
        # The CAMERA permission alone implies that a back camera is required.
        return "failed", "no uses-feature for the camera with required=false"
    return "ok", "installs on phones without a camera"


def _launcher(manifest: Element) -> tuple[Outcome, str]:
    for name, activity in activities(manifest):
        categories = {element.text("name") for element in activity.find_all("category")}
        if "android.intent.category.LAUNCHER" in categories:
            if not activity.flag("exported", default=False):
                return (
                    "failed",
                    f"{name} is not exported: the launcher cannot start it",
                )
            return "ok", name
    return "failed", "no activity is in the launcher"
