"""What Ray costs: `python -m benchmarks.nodes` prints seconds for a million events, without it and on local nodes.

Each node has one processor of this machine, so that there should be two at least, with
nothing else to do. The head of the cluster does no work. A small history comes first,
for which the workers are started.
"""

import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from benchmarks.files import EVENTS, history
from benchmarks.processor import one_processor
from fsm.bulk import cluster, files
from fsm.mimi.policies import MIMI, MIMI_01

NODES = (1, 2)
_PART = 1_000


def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large, small = history(folder / "large.parquet"), history(folder / "small.parquet", _PART)
        with one_processor():
            files.backtest(small, MIMI, MIMI_01, compiled=True)
            _report("without Ray", lambda: files.backtest(large, MIMI, MIMI_01))
        for count in NODES:
            with _cluster(count):
                cluster.backtest(small, MIMI.id, MIMI_01.id, partitions=2 * count)
                _report(f"nodes: {count}", lambda: cluster.backtest(large, MIMI.id, MIMI_01.id))


@contextmanager
def _cluster(count: int) -> Iterator[None]:
    """So many nodes of one processor each."""
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    for _ in range(count):
        made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False, logging_level=logging.ERROR)
    try:
        yield
    finally:
        ray.shutdown()
        made.shutdown()


def _report(what: str, work: Callable[[], object]) -> None:
    started = time.perf_counter()
    work()
    print(f"{what:<12} {(time.perf_counter() - started) / EVENTS * 1e6:.2f} s a million events", flush=True)


if __name__ == "__main__":
    main()
