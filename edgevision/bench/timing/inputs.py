"""What a model is given to run on when only its speed matters."""

import numpy as np
from numpy.typing import NDArray


def fill_random(memory: NDArray[np.generic], chance: np.random.Generator) -> None:
    """Fill an input in place: integers over their type's range, floats between -1 and 1.

    Zeros would not do: some kernels skip them.
    """
    if memory.dtype.kind == "f":
        memory[...] = chance.uniform(-1, 1, memory.shape).astype(memory.dtype)
    elif memory.dtype.kind in "iu":
        # 8 bits for wider integers too: they are indices or shapes, where large values are wrong.
        limits = np.iinfo(np.int8 if memory.dtype.kind == "i" else np.uint8)
        memory[...] = chance.integers(limits.min, limits.max + 1, memory.shape).astype(memory.dtype)
