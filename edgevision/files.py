"""Writing files so that a reader never sees half of one, and nothing is lost by accident."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgevision.errors import EdgeVisionError, UsageError


def sha256_of(path: Path) -> str:
    """Hex SHA-256 digest of the file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def refuse_to_replace(path: Path, *, overwrite: bool) -> None:
    """Raise when `path` exists and `overwrite` was not asked for.

    Raises:
        UsageError: `path` is there already.
    """
    if not overwrite and (path.exists() or path.is_symlink()):
        message = f"{path} exists already"
        raise UsageError(message, hint="add --overwrite, or choose another output with -o")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say which file it was when the system refuses something in the block that makes `path`.

    "cannot write `path`" is said of `path`, of what lies in it, of the folders above and of hidden
    entries beside it, which are ours until they are moved, and of a full disk. What is done in the
    block also reads files, and those are named instead.

    Raises:
        EdgeVisionError: for an OSError that is none of ours.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, EdgeVisionError):
            raise
        raise _refusal(path, error) from error


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""What only who writes is told."""


def _refusal(path: Path, error: OSError) -> EdgeVisionError:
    reason, is_full = error.strerror or error, error.errno in _FULL
    named = Path(os.fsdecode(error.filename)) if error.filename is not None else None
    if named is not None and not _is_part_of(path, named):
        message = f"cannot {'write' if is_full else 'open'} {named}: {reason}"
        return EdgeVisionError(message, hint="check the path, its rights and the free space")
    if named is None and not is_full:
        return EdgeVisionError(f"{path} could not be made: {reason}")
    message = f"cannot write {path}: {reason}"
    return EdgeVisionError(message, hint="check the folder's rights and the free space")


def _is_part_of(path: Path, named: Path) -> bool:
    # Without "..", which would look like a hidden entry.
    whole, part = (Path(os.path.normpath(one.absolute())) for one in (path, named))
    if whole.is_relative_to(part) or part.is_relative_to(whole):
        return True
    if not part.is_relative_to(whole.parent):
        return False
    return part.relative_to(whole.parent).parts[0].startswith(".")


@contextmanager
def replacing(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield a temporary path beside `path`; moved onto `path` when the block ends without error.

    Whatever goes wrong inside, `path` is left as it was and the temporary file is removed.

    Raises:
        UsageError: `path` exists and `overwrite` is False.
        EdgeVisionError: the folder cannot be written, or the disk is full.
    """
    refuse_to_replace(path, overwrite=overwrite)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            # mkstemp makes private files; give the result the rights a plain open() would.
            temporary.chmod(0o666 & ~_umask())
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, *, overwrite: bool = False) -> None:
    """Write `content` to `path` as a whole or not at all; see `replacing` for what is raised."""
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str, *, overwrite: bool = False) -> None:
    """Write `content` as UTF-8 to `path` as a whole or not at all; see `replacing`."""
    write_bytes(path, content.encode(), overwrite=overwrite)


def _umask() -> int:
    # There is no call that only reads it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
