"""Histories by partition: how one is dealt out by room, and how a partition is replayed.

`fsm.bulk.cluster` says what the tasks are for, and has them done.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fsm import atomic
from fsm.bulk.backtest import WORTH_COMPILING, Backtest, can_compile
from fsm.bulk.decide.words import Words
from fsm.bulk.files import FAULTS_TOLD, faults_in
from fsm.bulk.read import layout
from fsm.bulk.read.repeats import Repeats
from fsm.bulk.read.source import Fragment, read_fragment, read_group, rooms_that_look_back
from fsm.bulk.write.output import whole
from fsm.errors import ReplayError
from fsm.policies import load_rules
from fsm.shapes import Order

Task: TypeAlias = dict[str, Any]
"""What a task is told, or tells, as JSON."""

_OWN = "room "
"""With this begins the label of a partition that is one large room."""


def cut(fragment: Fragment) -> Task:
    """What a task is told of a fragment: where it is, on any machine, and what it is called here."""
    groups = fragment.groups and [fragment.groups.start, fragment.groups.stop]
    return {
        "file": str(fragment.file.absolute()),
        "groups": groups,
        "order": fragment.order,
        "source": str(fragment.file),
    }


def deal(task: Task) -> Task:
    """Write a fragment anew, sorted by partition."""
    policies = [load_rules(name) for name in task["policies"]]
    fragment = Fragment(
        Path(task["file"]), task["groups"] and range(*task["groups"]), task["order"] and Order(task["order"])
    )
    notices: list[str] = []
    table = read_fragment(fragment, policies, carry="output" in task["folders"], tell=notices.append)
    if layout.ROW in table.column_names:
        raise ReplayError(0, f"{task['source']}: there is a column `{layout.ROW}` already: rename it")
    table = table.append_column(layout.ROW, pa.array(np.arange(1, len(table) + 1)))
    labels, places = _labels(table, task["partitions"], task["large"])
    order = np.argsort(places, kind="stable")
    sizes = np.bincount(places, minlength=len(labels)).tolist()
    file = Path(task["dealt_to"]) / f"{task['number']:06}.parquet"
    schema = layout.without_dictionaries(table.schema)  # a share is to hold its own words only
    with atomic.writing(file) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for start, end in pairwise(accumulate(sizes, initial=0)):
            share = table.take(pa.array(order[start:end])).cast(schema)
            writer.write_table(share, row_group_size=max(len(share), 1))
    return {
        "number": task["number"],
        "source": task["source"],
        "notices": [f"{task['source']}: {notice}" for notice in notices],
        "file": str(file),
        "rows": len(table),
        "labels": labels,
        "sizes": sizes,
        "remembering": list(rooms_that_look_back(table, policies)),
        "has_ids": any(layout.has_values(table, name) for name in (layout.EVENT_ID, layout.EVENT_JSON)),
    }


def _labels(table: pa.Table, partitions: int, large: int) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The partitions in a fragment; and by row, the place of its partition among them."""
    rooms = Words()
    numbers = np.maximum(rooms.numbers(table.column(layout.ROOM)) + 1, 0)  # 0 is the room without an id
    sizes = np.bincount(numbers, minlength=len(rooms) + 1).tolist()
    labels: dict[str, int] = {}
    places = np.zeros(len(sizes), np.int64)
    for number, size in enumerate(sizes):
        room = rooms[number - 1] if number else None
        if size:
            label = _own_label(room) if size > large else _label(room, partitions)
            places[number] = labels.setdefault(label, len(labels))
    return list(labels), places[numbers]


def _label(room: str | None, partitions: int) -> str:
    """The partition of a room that is not large."""
    return str(zlib.crc32((room or "").encode()) % partitions)


def _own_label(room: str | None) -> str:
    return f"{_OWN}{json.dumps(room)}"


def _room(label: str) -> str | None:
    """The room that is a partition of its own."""
    room: str | None = json.loads(label.removeprefix(_OWN))
    return room


def partitions_of(dealt: Sequence[Task], partitions: int) -> list[Task]:
    """What there is to replay: by partition its shares in order, and which rooms are special."""
    labels = sorted({label for told in dealt for label in told["labels"]})
    large = {_room(label) for label in labels if label.startswith(_OWN)}
    remembering = {room for told in dealt for room in told["remembering"]}
    tasks = []
    for number, label in enumerate(labels):
        is_own = label.startswith(_OWN)
        mine = {room for room in large if (_own_label(room) if is_own else _label(room, partitions)) == label}
        elsewhere = _label(_room(label), partitions) if is_own else None
        others = {room for room in remembering - large if _label(room, partitions) == label}
        tasks.append({
            "number": number,
            "shares": list(_shares(dealt, label, elsewhere)),
            "large": list(mine),
            "is_large": is_own,
            "remembering": list(remembering & mine if is_own else others),
        })  # fmt: skip
    return tasks


def _shares(dealt: Sequence[Task], label: str, elsewhere: str | None) -> Iterator[Task]:
    """The shares of a partition. Where a large room had few events, they lie `elsewhere`."""
    rows = 0
    for told in dealt:
        place = label if label in told["labels"] else elsewhere
        if place in told["labels"]:
            group = told["labels"].index(place)
            yield {
                "file": told["file"],
                "group": group,
                "size": told["sizes"][group],
                "rows_before": rows,
                "has_ids": told["has_ids"],
                "source": told["source"],
            }
        rows += told["rows"]


def _repeating(task: Task) -> set[str | None]:
    """The rooms of a partition in which the id of an event comes twice, in one share or in two."""
    repeats = Repeats()
    if any(share["has_ids"] for share in task["shares"]):
        for share in task["shares"]:
            repeats.add_table(_share(share, task))
    return repeats.rooms


def replay(task: Task) -> Task:
    """Replay a partition, share after share."""
    tables = (_share(share, task) for share in task["shares"])
    run = Backtest(
        *map(load_rules, task["policies"]),
        remembering=set(task["remembering"]) | _repeating(task),
        compiled=sum(share["size"] for share in task["shares"]) >= WORTH_COMPILING and can_compile(),
    )
    faults: list[str] = []
    part = f"part-{task['number']:05}.parquet"
    with ExitStack() as files:
        outputs = {name: files.enter_context(whole(Path(each) / part)) for name, each in task["folders"].items()}
        for share, table in zip(task["shares"], tables, strict=True):
            piece = run.add(table)
            faults += faults_in(share["source"], piece, 0)
            if "output" in outputs:
                outputs["output"].write(piece.as_table())
        if "participation" in outputs:
            outputs["participation"].write(run.participation())
    return {"counts": run.as_json(), "faults": faults[:FAULTS_TOLD], "notices": run.notices, "events": run.events}


def _share(share: Task, task: Task) -> pa.Table:
    """The rows of a share that the task is to replay, with their numbers in the whole history."""
    table = read_group(Path(share["file"]), share["group"])
    if task["large"]:
        is_large = pc.is_in(table.column(layout.ROOM).cast(pa.string()), pa.array(task["large"], pa.string()))
        table = table.filter(is_large if task["is_large"] else pc.invert(is_large))
    place = table.column_names.index(layout.ROW)
    return table.set_column(place, layout.ROW, pc.add(table.column(layout.ROW), share["rows_before"]))
