"""EdgeVision: a trained Keras image model to the edge, with proof that it answers the same.

    import edgevision as ev

    result = ev.optimize("model.keras", int8=True, calibration="photos/", preprocessing="unit")
    with ev.load_model(result.files["int8"]) as model:
        model("photo.jpg").best

Public is what `__all__` lists, the errors in `edgevision.errors`, and what the results and values
listed there hold; docs/python.md describes it. All else is private and changes without notice.

Names are loaded when they are first used: `import edgevision` loads no NumPy.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgevision.api.bench import bench
    from edgevision.api.bench_result import BenchResult
    from edgevision.api.calibration_build import BuiltSet, build_calibration_set
    from edgevision.api.calibration_check import CheckedSet, check_calibration_set
    from edgevision.api.evaluate import EvaluateResult, evaluate
    from edgevision.api.inspect import InspectResult, inspect
    from edgevision.api.optimize import optimize
    from edgevision.api.optimize_result import OptimizeResult
    from edgevision.api.predictor import Prediction, Predictor, load_model
    from edgevision.api.prune import PruneResult, prune
    from edgevision.api.quantize import quantize
    from edgevision.api.quantize_result import QuantizeResult
    from edgevision.api.verify import VerifyResult, verify
    from edgevision.dataset.formats.array_set import image_set_of_arrays
    from edgevision.dataset.formats.open_set import open_image_set
    from edgevision.dataset.imageset import ImageSet
    from edgevision.preprocess.declared import Preprocessing
    from edgevision.recipe.recipe import Recipe

__version__ = "0.1.0"

__all__ = [
    "BenchResult",
    "BuiltSet",
    "CheckedSet",
    "EvaluateResult",
    "ImageSet",
    "InspectResult",
    "OptimizeResult",
    "Prediction",
    "Predictor",
    "Preprocessing",
    "PruneResult",
    "QuantizeResult",
    "Recipe",
    "VerifyResult",
    "bench",
    "build_calibration_set",
    "check_calibration_set",
    "evaluate",
    "image_set_of_arrays",
    "inspect",
    "load_model",
    "open_image_set",
    "optimize",
    "prune",
    "quantize",
    "verify",
]

_MODULES = {
    "api.bench": ("bench",),
    "api.bench_result": ("BenchResult",),
    "api.calibration_build": ("BuiltSet", "build_calibration_set"),
    "api.calibration_check": ("CheckedSet", "check_calibration_set"),
    "api.evaluate": ("EvaluateResult", "evaluate"),
    "api.inspect": ("InspectResult", "inspect"),
    "api.optimize": ("optimize",),
    "api.optimize_result": ("OptimizeResult",),
    "api.predictor": ("Prediction", "Predictor", "load_model"),
    "api.prune": ("PruneResult", "prune"),
    "api.quantize": ("quantize",),
    "api.quantize_result": ("QuantizeResult",),
    "api.verify": ("VerifyResult", "verify"),
    "dataset.formats.array_set": ("image_set_of_arrays",),
    "dataset.formats.open_set": ("open_image_set",),
    "dataset.imageset": ("ImageSet",),
    "preprocess.declared": ("Preprocessing",),
    "recipe.recipe": ("Recipe",),
}
"""Where each public name is defined, below this package."""

_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:
    # Hidden from type checkers, to whom any misspelt name would then be an attribute.
    def __getattr__(name: str) -> Any:
        """The public `name`, loaded on its first use."""
        if name not in _MODULE_OF:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """What is public."""
    return [*__all__, "__version__"]


class _Package(ModuleType):
    """This module, in which `quantize`, `bench` and `verify` are the functions, always.

    Packages of the same names hold the code behind them, and Python writes a package into its
    parent when it is first imported: that would replace the function, on some lines of a program
    and not on others. `from edgevision.quantize.x import y` finds them all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _MODULE_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
