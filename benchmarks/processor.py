"""Measurements on one processor of the machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa


@contextmanager
def one_processor() -> Iterator[None]:
    """Everything on one processor, also what Arrow does."""
    processors, threads, readers = os.sched_getaffinity(0), pa.cpu_count(), pa.io_thread_count()
    os.sched_setaffinity(0, {max(processors)})
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    try:
        yield
    finally:
        pa.set_io_thread_count(readers)
        pa.set_cpu_count(threads)
        os.sched_setaffinity(0, processors)
