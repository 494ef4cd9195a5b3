"""`edgevision doctor camera`: why there is no picture, and the line that changes it."""

from edgevision.cli import console


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
