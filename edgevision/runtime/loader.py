"""Finding a TFLite runtime that works: the import alone proves nothing, so one model is run.

tflite-runtime 2.14 imports under NumPy 2 and then dies in its first Interpreter; 32-bit Raspberry
Pi OS has only that. So each library in the table is tried by running a tiny model through it.
"""

import ctypes
import importlib
import importlib.metadata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgevision.errors import DeviceError, MissingDependencyError, UsageError
from edgevision.runtime.quiet import quiet_native
from edgevision.tflite import ops

RUNTIMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "litert": ("ai-edge-litert", "ai_edge_litert.interpreter"),
        "tflite-runtime": ("tflite-runtime", "tflite_runtime.interpreter"),
        "tensorflow": ("tensorflow", "tensorflow.lite.python.interpreter"),
    }
)
"""Name on the command line -> (package on PyPI, module with `Interpreter`), best first."""

PROBE = Path(__file__).with_name("probe.tflite")
"""relu(x + 1) on float32 [1, 4]: the smallest model that shows whether a library works."""


@dataclass(frozen=True, slots=True)
class RuntimeLibrary:
    """A library that has run a model in this process."""

    name: str
    version: str
    module: Any

    @property
    def package(self) -> str:
        """Its name on PyPI."""
        return RUNTIMES[self.name][0]

    def __str__(self) -> str:
        return f"{self.package} {self.version}"

    def open(
        self,
        content: bytes,
        *,
        threads: int,
        delegates: Sequence[Path] = (),
        xnnpack: bool = True,
        keep_all_tensors: bool = False,
    ) -> Any:
        """An `Interpreter` of this library on the model's bytes, its tensors allocated."""
        loaded = [self._delegate(path) for path in delegates]
        resolver = self.module.OpResolverType
        with quiet_native(), _unwarned() if keep_all_tensors else nullcontext():
            interpreter = self.module.Interpreter(
                model_content=content,
                num_threads=threads,
                experimental_delegates=loaded or None,
                experimental_op_resolver_type=(
                    resolver.AUTO if xnnpack else resolver.BUILTIN_WITHOUT_DEFAULT_DELEGATES
                ),
                experimental_preserve_all_tensors=keep_all_tensors,
            )
            interpreter.allocate_tensors()
        return interpreter

    def _delegate(self, path: Path) -> Any:
        try:
            # First alone: when this fails inside load_delegate, its __del__ fails as well.
            ctypes.CDLL(str(path))
            return self.module.load_delegate(str(path))
        except (ValueError, OSError) as error:
            message = f"cannot load the delegate {path}: {error}"
            raise DeviceError(
                message, hint="give the path of a TFLite external delegate"
            ) from error


@contextmanager
def _unwarned() -> Iterator[None]:
    """No "Enabling `experimental_preserve_all_tensors` ...": whoever asks for it knows."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
        yield


def load_runtime(name: str = "auto") -> RuntimeLibrary:
    """The runtime library `name`, or with "auto" the first of `RUNTIMES` that works here.

    Raises:
        UsageError: no library of that name is known.
        MissingDependencyError: it is not installed, or does not run a model here.
    """
    if name not in {"auto", *RUNTIMES}:
        message = f"unknown runtime {name!r}; known: auto, {', '.join(RUNTIMES)}"
        raise UsageError(message)
    reasons = []
    for candidate in RUNTIMES if name == "auto" else (name,):
        if candidate == "tensorflow" and name == "auto":
            # Seconds to import, and where it is installed ai-edge-litert can be too.
            continue
        library, reason = try_runtime(candidate)
        if library is not None:
            return library
        reasons.append(f"{RUNTIMES[candidate][0]}: {reason}")
    message = f"no TFLite runtime works here ({'; '.join(reasons)})"
    raise MissingDependencyError(message, hint="pip install ai-edge-litert")


@cache
def try_runtime(name: str) -> tuple[RuntimeLibrary | None, str]:
    """The library `name` after it has run a model here, or None with the reason why it cannot."""
    package, module_name = RUNTIMES[name]
    try:
        module = importlib.import_module(module_name)
        library = RuntimeLibrary(name, importlib.metadata.version(package), module)
        interpreter = library.open(PROBE.read_bytes(), threads=1)
        interpreter.invoke()
    except ModuleNotFoundError:
        return None, "not installed"
    except Exception as error:  # noqa: BLE001 - native libraries fail in any way they like
        return None, f"{type(error).__name__}: {error}"
    return library, ""


def uses_delegate(interpreter: object) -> bool:
    """Whether a delegate (XNNPACK by default) took any operation of an allocated interpreter.

    The list of executed operations is private in both libraries, but it is the only place that
    tells; where it is missing the answer is no.
    """
    details = getattr(interpreter, "_get_ops_details", None)
    if details is None:
        return False
    return any(operation["op_name"] == ops.DELEGATE for operation in details())
