"""Rooms that last: in a database, for one process or several."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select

from fsm.errors import DefinitionError, EventError
from fsm.family import AnyPolicy
from fsm.policies import policy_of
from fsm.state import AnyState
from fsm.store.databases import reported
from fsm.store.erasing import StoreErasing
from fsm.store.migration import Migration, Target, Where, migrated
from fsm.store.migration import store as store_migrated
from fsm.store.outbox import StoreOutbox
from fsm.store.rooms import RoomRow
from fsm.store.rows import state_of
from fsm.store.schema import PARTICIPATION, ROOMS


class Store(StoreErasing, StoreOutbox):
    """Rooms in a database, by its URL: `sqlite:///rooms.db`, `postgresql://user@host/database`.

    `participant` is a class with hooks, called once a change is durable: what such a participant does is stored.
    `policies` are those of the host's own that rooms may have, beside the catalogue; `facts` provides facts that
    no room works out. `cache` is how many rooms stay in memory, and `keep` of how many changes of a room the store
    keeps at least: all, if it is not told. `must_exist` creates nothing. May be used by all
    threads of a process; each process opens its own. Raises `StoreError`, as all methods do when the database fails.
    """

    def rooms(self, after: str = "", limit: int = 1000) -> list[RoomRow]:
        """The rooms, by their ids; those after one of them."""
        count = select(func.count()).where(PARTICIPATION.c.room_id == ROOMS.c.id).scalar_subquery()
        query = select(ROOMS.c.id, ROOMS.c.policy, ROOMS.c.revision, count).where(ROOMS.c.id > after)
        with reported(), self._database.reading() as connection:
            return [RoomRow(*row) for row in connection.execute(query.order_by(ROOMS.c.id).limit(limit))]

    def who(self, room_id: str) -> dict[str, AnyState]:
        """Everybody in a room who is not in the initial state, by user id. Raises `KeyError` for an unknown room."""
        query = select(PARTICIPATION.c.user_id, PARTICIPATION.c.state).where(PARTICIPATION.c.room_id == room_id)
        query = query.order_by(PARTICIPATION.c.user_id)
        with reported(), self._database.reading() as connection:
            policy = self._known.policy(self._rooms.row(connection, room_id).policy)
            return {user: state_of(state, policy) for user, state in connection.execute(query)}

    def rooms_of(self, user: str) -> dict[str, AnyState]:
        """The rooms in which a user is not in the initial state, each with the state, by room id."""
        query = (
            select(ROOMS.c.id, PARTICIPATION.c.state, ROOMS.c.policy)
            .join_from(PARTICIPATION, ROOMS, ROOMS.c.id == PARTICIPATION.c.room_id)
            .where(PARTICIPATION.c.user_id == user)
            .order_by(ROOMS.c.id)
        )
        with reported(), self._database.reading() as connection:
            rows = connection.execute(query).all()
        policies = {row.policy: self._known.policy(row.policy) for row in rows}
        return {row.id: state_of(row.state, policies[row.policy]) for row in rows}

    def rooms_where(self, action: str, user: str, *, target: str | None = None) -> dict[str, str]:
        """The rooms in which a user may do something now, each with the transition's id, by room id.

        What they do is to themselves, as to join, or to `target`. Each room is opened for it. Raises `EventError` for
        an action that no policy of a room has, and for what is no user.
        """
        found, unknown, is_known = dict[str, str](), None, False
        for row in self._all_rooms():
            try:
                decision = self.room(row.id).decide_action(action, user, user if target is None else target)
            except EventError as problem:
                unknown = problem
                continue
            is_known = True
            if decision.transition:
                found[row.id] = decision.transition
        if unknown is not None and not is_known:
            raise unknown
        return found

    def _all_rooms(self) -> Iterator[RoomRow]:
        after = ""
        while some := self.rooms(after):
            yield from some
            after = some[-1].id

    def migrate(
        self,
        policy: str | AnyPolicy,
        where: Where | None = None,
        states: Mapping[Any, Any] = MappingProxyType({}),
        *,
        dry_run: bool = False,
    ) -> Migration:
        """Have rooms run by another policy of their family: all, or those `where` a function of a `RoomRow` says so.

        Who is where stays, but for `states`: by a state, or its word, the one that it becomes. What the rooms are set
        to stays as well, and all that happened; nobody is told. Each room goes over in a transaction of its own; those
        that cannot stay as they are, and are named. With `dry_run`, nothing is stored. Raises `DefinitionError` for an
        unknown policy, and for states that it does not have.
        """
        rules = self._known.rules(policy)
        other = policy_of(rules)
        if other is None:
            raise DefinitionError(f"`{rules.id}` stands for several policies: choose one of them")
        target, moved, refused = Target(other, states, self._known), dict[str, Any](), dict[str, str]()
        for each in self._all_rooms():
            if where is None or where(each):
                try:
                    there = self._migrate(each.id, target, dry_run=dry_run)
                except (EventError, DefinitionError) as problem:
                    refused[each.id] = str(problem)
                else:
                    if there is not None:
                        moved[each.id] = there
        return Migration(other.id, moved, refused, dry_run)

    def _migrate(self, room_id: str, target: Target, *, dry_run: bool) -> dict[str, Any] | None:
        """Migrate one room; None where it has the policy."""
        begun = self._database.reading if dry_run else self._database.writing
        with reported(), self._rooms.using([room_id]) as (slot,), slot.lock, begun() as connection:
            row = connection.execute(select(ROOMS).where(ROOMS.c.id == room_id).with_for_update(read=dry_run)).one()
            if (row.rules, row.fingerprint) == (target.policy.id, target.policy.fingerprint):
                return None
            room, moved = migrated(connection, self._rooms, row, target)
            if not dry_run:
                store_migrated(connection, self._database, row, room, moved)
                slot.drop()
            return moved
