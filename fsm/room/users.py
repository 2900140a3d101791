"""Where the users of a room stand, as one class for each of them (`fsm.classes`), and what that follows from."""

from collections.abc import Iterable, Mapping
from typing import Any

from fsm.classes import Peers, Table, UserClass
from fsm.locks import lock_of
from fsm.own_facts import provided, weight_of
from fsm.participant import Who
from fsm.room.contract import RoomContract


class RoomUsers(RoomContract[Who]):
    """Rooms that know where everybody stands."""

    __slots__ = ()

    def participation(self, user: str) -> Any:
        """Where a user stands; who was never heard of is in the initial state."""
        return self._class_of(user).state

    def participations(self) -> dict[str, Any]:
        """Everybody who is not in the initial state, by user id, in the order of first mention."""
        initial = self._rules.others.unknown.state
        with lock_of(self):
            return {user: its.state for user, its in self._members.items() if its.state is not initial}

    @property
    def _states(self) -> dict[str, Any]:
        """Where everybody stands who was ever heard of."""
        return {user: its.state for user, its in self._members.items() if its is not its.peers.unknown}

    def _stranger(self, user: str) -> UserClass:
        """The class of somebody of whom nothing is known. Raises `KeyError` for what is no user id."""
        # Whoever is known has been read with care before, so their ids need no other check.
        if self._is_user(user):
            return self._rules.others.unknown
        raise KeyError(user)

    def _class_of(self, user: str) -> UserClass:
        return self._members.get(user) or self._rules.others.unknown

    def _move(self, user: str, its: UserClass, state: Any) -> None:
        """Put a user, who is of this class, into a state."""
        if its is its.peers.unknown:
            self._members.pop(user, None)  # users stand in the order of first mention
        self._members[user] = its.peers[state]

    def _set_up(
        self,
        settings: Any,
        powers: Mapping[str, Peers[Any]] | None = None,
        *,
        were: Iterable[str] = (),
        creator: str | None = None,
    ) -> None:
        """Make these the room's settings, and those of their own powers who have some, unless that stays as it is.

        All who had powers of their own are among those who `were`.
        A `creator` whom they name stands where creators do, unless something else is known of them.
        """
        members, others = self._members, self._rules.others
        self._table = None  # nobody decides in the meantime without a lock
        self._settings = settings
        if creator is not None and (its := self._class_of(creator)) is its.peers.unknown:
            self._move(creator, its, self.creator_state)
        if powers is not None:
            for user in were:
                if user in powers or (had := members.get(user)) is None or had.peers is others:
                    continue
                its = others.like(had)
                if its is others.unknown:
                    del members[user]
                else:
                    members[user] = its
            for user, peers in powers.items():
                members[user] = peers.like(members.get(user) or others.unknown)
        self._table = self._table_now()

    def _table_now(self) -> Table[Any, Any] | None:
        """The decisions on ordinary changes by the settings, where such changes take the quick way."""
        attached = self._attached
        if attached is not None and attached.provider is not None and self.policy.unsupplied:
            return None
        return self._rules.table(self._rule)

    def _facts_between(self, sender: str, target: str) -> Any:
        """What the policy may know about an ordinary change between these users."""
        rules, by, to = self._rules, self._class_of(sender), self._class_of(target)
        code = rules.code(by.peers.powers, to.peers.powers, self._rule, is_self=sender == target)
        if self._attached is not None and self._attached.provider is not None and self.policy.unsupplied:
            code += weight_of(self.policy, provided(self.policy, self._attached.provider, sender, target))
        return self.policy.domain.unpack(code, target=to.state, sender=by.state)

    def _is_named(self, user: str) -> bool:
        """Whether the settings name a user."""
        its = self._members.get(user)
        return its is not None and its.peers is not self._rules.others

    def _drop(self, user: str) -> None:
        self._members.pop(user, None)
