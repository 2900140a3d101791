"""The program of the documentation on Spark, on a history of some rooms: `make test-spark`.

It needs Spark and Java, and so goes by a name that the other tests are not collected by.
"""

import re
import shlex
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fsm.bulk import replay
from fsm.bulk.write.synth import TIME, synthesise
from fsm.policies import load_policy
from tests.cli.runner import ROOT

pytestmark = pytest.mark.filterwarnings("default")  # those of Spark are no concern of ours

EVENTS = 20_000


def test_the_program_of_the_documentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "4",
    }
    options = " ".join(f"--conf {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", f"--master local[2] {options} pyspark-shell")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.chdir(tmp_path)
    events = pa.concat_tables(synthesise(load_policy("mimi"), events=EVENTS, rooms=40, users=300, seed=3))
    events = events.append_column("sent", pa.array(range(EVENTS)))
    pq.write_table(events.drop_columns([TIME]), "events.parquet", row_group_size=3_000)
    (program,) = re.findall(
        r"```py\n(.*?)```", (ROOT / "docs" / "guides" / "histories.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(program.splitlines()) <= 10
    exec(compile(program, "histories.md", "exec"), {})  # noqa: S102 - our own text
    found = pq.read_table("verdicts").sort_by("sent")
    expected = replay(events, "mimi-01", "mimi").select(found.column_names)
    assert len(found) == EVENTS
    assert found.to_pylist() == expected.to_pylist()
