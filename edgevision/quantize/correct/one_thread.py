"""NumPy's matrix products on one thread each.

They are small here, and go on beside others. OpenBLAS's further threads wait by spinning: on two
CPUs, two graphs refined side by side then take five times as long, and twenty times as much of
the processors.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from edgevision.errors import MissingDependencyError


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Within the block, or the function it decorates, every matrix product has one thread.

    Raises:
        MissingDependencyError: threadpoolctl is not installed.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "quantizing needs threadpoolctl, which is not installed",
            hint="pip install 'edgevision[quantize]'",
        ) from error
    with threadpool_limits(limits=1, user_api="blas"):
        yield
