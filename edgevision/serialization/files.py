"""The bytes of a document on disk, no more than its limits allow."""

from pathlib import Path

from edgevision.serialization.rules import Rules


def read_limited(path: Path, rules: Rules) -> bytes:
    """The content of the file at `path`.

    Raises:
        EdgeVisionError: of class `rules.error`: it cannot be read, or is longer than the limit.
    """
    most = rules.limits.document_bytes
    try:
        with path.open("rb") as file:
            # One more than allowed tells a longer file, whatever its size is said to be.
            content = file.read(most + 1)
    except OSError as reason:
        message = f"cannot read {path}: {reason.strerror or reason}"
        raise rules.error(message, hint=rules.hint or "check the path") from reason
    if len(content) > most:
        rules.fail(f"{path} has more than {most} bytes")
    return content
