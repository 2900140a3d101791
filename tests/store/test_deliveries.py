"""Events that come twice, late, in another order or through another hub; and clocks that go wrong."""

import random
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from fsm import Room
from fsm.store import Store
from tests.builders import ALICE, BAN, INVITE, JOIN, LEAVE, change, join_rule, message
from tests.store.conftest import schema_of
from tests.store.postgres import Server
from tests.store.test_store import dump

TEA = "!room:a.example"
USERS = ("@b:x", "@c:x", "@d:x")


def history(chance: random.Random) -> list[dict[str, Any]]:
    """Events with ids, of which many are only allowed in the order in which they stand here."""
    events = [{**join_rule(rule), "event_id": f"${rule}"} for rule in ("public", "invite")]
    for number in range(20):
        user, other = chance.sample((ALICE, *USERS), 2)
        action = chance.choice((INVITE, JOIN, LEAVE, BAN))
        target = user if action == JOIN else other
        events.append(change(action, user, target, event_id=f"${number}"))
        events.append({**message(user), "event_id": f"$said{number}"})
    return events


@pytest.mark.parametrize("seed", range(2))
def test_deliveries_twice_and_in_any_order(url: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - an order need not be secret
    deliveries = [each for each in history(chance) for _ in range(chance.randrange(1, 4))]
    chance.shuffle(deliveries)
    in_memory = Room.create(TEA, ALICE)
    first = dict[str, Any]()
    with Store(url) as one, Store(url) as other:
        one.create(TEA, ALICE)
        while deliveries:
            hub, some = (
                chance.choice((one, other)),
                [deliveries.pop() for _ in range(min(chance.choice((1, 1, 4)), len(deliveries)))],
            )
            expected = [in_memory.send(event) for event in some]
            if len(some) > 1:
                assert hub.send_many((TEA, event) for event in some) == expected
            else:
                assert [hub.send(TEA, event) for event in some] == expected
            for event, answer in zip(some, expected, strict=True):
                if answer:
                    assert first.setdefault(event["event_id"], answer) == answer, "the first answer stands"
        changes = [each for _, each in other.changes()]
        assert sorted(each.event_id for each in changes[1:] if each.event_id) == sorted(first)
        assert [each.revision for each in changes] == list(range(1, in_memory.revision + 1))
        for store in (one, other):
            assert store.who(TEA) == store.room(TEA).participations() == in_memory.participations()


@pytest.fixture
def two(request: pytest.FixtureRequest, tmp_path: Any, server: Server) -> tuple[str, str]:
    """Two empty databases of a kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db"
    return schema_of(server), schema_of(server)


def jumping(start: Any) -> Callable[[], Any]:
    """A clock that goes back and forth by ever more."""
    jumps = count(1)
    return lambda: start + (-3) ** (next(jumps) % 20)


@pytest.mark.parametrize("two", ["sqlite", "postgresql"], indirect=True)
def test_clocks_may_jump(two: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    # A store reads no clock: neither what it keeps nor in which order it tells that depends on one.
    told = []
    for url in two:
        with Store(url) as store, Store(url) as other:
            store.create(TEA, ALICE)
            for number, event in enumerate(history(random.Random(7))):  # noqa: S311 - as above
                (store, other)[number % 2].send(TEA, event)
                if number % 5 == 0:
                    store.acknowledge("mail", store.changes(store.cursor("mail"), 2)[0][0])
            cursors = [cursor for cursor, _ in store.changes()]
            assert cursors == sorted(cursors)
            tables = dump(store) if url.startswith("sqlite") else ""
            told.append((tables, [each.as_json() for _, each in store.changes()], store.who(TEA)))
        for name in ("time", "time_ns", "monotonic"):
            monkeypatch.setattr(time, name, jumping(getattr(time, name)()))
    assert told[0] == told[1]
