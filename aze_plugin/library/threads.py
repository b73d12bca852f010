"""The threads of an import: two that compute, one that writes. The calling thread reads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

_COMPUTING = 2


class Threads:
    """GEOS, NumPy, SQLite and hashing let go of the interpreter while they work, so threads are enough.

    ``write`` has one thread, so what is given to it is done in order. Leaving the ``with`` block drops what has not
    begun; it waits for a write under way, but not for a large geometry, which nothing can stop.
    """

    def __init__(self):
        self.compute = ThreadPoolExecutor(_COMPUTING, "aze-compute")
        self.write = ThreadPoolExecutor(1, "aze-write")

    def __enter__(self) -> Threads:
        return self

    def __exit__(self, *_exception) -> None:
        self.compute.shutdown(wait=False, cancel_futures=True)
        self.write.shutdown(wait=True, cancel_futures=True)
