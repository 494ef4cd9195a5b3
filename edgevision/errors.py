"""The errors a user can meet, one class and one exit code each.

EdgeVisionError
  UsageError               2   the command line asks for something that cannot be
  MissingDependencyError   3   a package that this command needs is not installed
  ImageSetError            4   images, labels or a calibration set are bad
  ModelError               5   a model file is bad, or holds what we cannot handle
  DeviceError              6   a camera, a board or a phone cannot be reached
  TargetMissedError        7   an accuracy, size or latency target was not met
  VerificationError        8   the file written is not what was asked for

Each also derives from the built-in it resembles, so library callers may catch that. The message
says what happened, with the value; `hint` says what to do.
"""


class EdgeVisionError(Exception):
    """Base of all errors raised on purpose; exits with 1 when nothing more exact fits."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        """What to do about it, one line; empty when the message says it all."""


class UsageError(EdgeVisionError, ValueError):
    """The command or the arguments do not fit together."""

    exit_code = 2


class MissingDependencyError(EdgeVisionError, ImportError):
    """A package needed for this is not installed or does not work."""

    exit_code = 3


class ImageSetError(EdgeVisionError, ValueError):
    """An image, a label list or a calibration set is missing, unreadable or wrong."""

    exit_code = 4


class ModelError(EdgeVisionError, ValueError):
    """A model file is missing, damaged, or holds something we cannot handle."""

    exit_code = 5


class DeviceError(EdgeVisionError, OSError):
    """A camera, a board or a phone cannot be reached, or was lost."""

    exit_code = 6


class TargetMissedError(EdgeVisionError):
    """The best result found does not meet the target that was set."""

    exit_code = 7


class VerificationError(EdgeVisionError):
    """A file read back is not what was asked for."""

    exit_code = 8
