"""What a room is set to, apart from who is in it: its creation, power levels, join rule, third-party invites.

`Settings` is a value. An event makes another one, so that reading an event and
applying it are the same computation, and nothing is ever half applied.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from math import inf
from typing import Any, ClassVar, Protocol

from fsm.errors import EventError, shorten
from fsm.event import Event, checked_text, sequence, words_of
from fsm.matrix.ids import is_user_id, read_user_id, server_of
from fsm.matrix.levels import Levels, Numbers, Power, read_levels
from fsm.matrix.third_party import Promise, Promises
from fsm.participation.terms import JoinRule
from fsm.record import Record

CREATE = "m.room.create"
POWER_LEVELS = "m.room.power_levels"
JOIN_RULES = "m.room.join_rules"
THIRD_PARTY_INVITE = "m.room.third_party_invite"

CREATOR_POWER = 100
"""Where nothing else is said, the power of the creator. Spec: "`m.room.power_levels`" """


_DEFAULTS = Levels()


class Founder(Enum):
    """Who the creator of a room is: the `creator` in the creation's content, or its sender."""

    CONTENT = auto()
    SENDER = auto()


class Reign(Enum):
    """How high creators stand.

    Either the one creator has a level of 100 until there are power levels, which may
    say otherwise; or all creators stand above every level, for good.
    """

    BY_DEFAULT = auto()
    SUPREME = auto()

    @property
    def power(self) -> Power:
        """The power of a creator who reigns."""
        return inf if self is Reign.SUPREME else CREATOR_POWER


class Version(Protocol):
    """What a room version says on reading settings."""

    @property
    def numbers(self) -> Numbers:
        """What may stand for a power level."""

    @property
    def founder(self) -> Founder:
        """Who the creator is."""

    @property
    def reign(self) -> Reign:
        """How high creators stand."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Creation(Record):
    """What `m.room.create` says: whose room it is, and who may take part."""

    creator: str | None
    others: tuple[str, ...]
    only_server: str | None = None
    event_id: str | None = None

    @property
    def federates(self) -> bool:
        """Whether users of all servers may take part."""
        return self.only_server is None

    @property
    def creators(self) -> tuple[str, ...]:
        """The creator if there is one, and those whom the creation names besides."""
        return self.others if self.creator is None else (self.creator, *self.others)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Settings(Record):
    """The settings of one room at one time. Events of these `types` may change them."""

    types: ClassVar[frozenset[str]] = frozenset((CREATE, POWER_LEVELS, JOIN_RULES, THIRD_PARTY_INVITE))

    creation: Creation | None = None
    levels: Levels | None = None
    join_rule: JoinRule = JoinRule.INVITE
    promises: Promises = Promises()  # noqa: RUF009 - it never changes

    def after(self, event: Event, version: Version) -> "Settings":
        """The settings once this event has been taken.

        Raises `EventError` when the event cannot be read. An event of no meaning for
        the rules, or in a place where it has none, changes nothing. Power levels are known as
        far as they can be read.
        """
        change = _CHANGES.get(event.type)
        if change is None or event.state_key is None or (event.state_key and event.type != THIRD_PARTY_INVITE):
            return self
        return change(self, event, version)

    def placed(self, place: str) -> "Settings":
        """The same, where the power levels were given at `place`: what cannot be read of them stands there."""
        if self.levels is None or not self.levels.faults:
            return self
        faults = {path: fault.within(place) for path, fault in self.levels.faults.items()}
        return replace(self, levels=replace(self.levels, faults=faults))

    def powers(self, version: Version) -> Mapping[str, Power]:
        """The power of everybody who has one of their own."""
        creation, levels = self.creation, self.levels
        if creation is None or not (levels is None or version.reign is Reign.SUPREME):
            return {} if levels is None else levels.users
        by_creation = dict.fromkeys(creation.creators, version.reign.power)
        return by_creation if levels is None else {**levels.users, **by_creation}

    @property
    def levels_in_force(self) -> Levels:
        """The power levels: where the room has none, the defaults hold. Creators have theirs by another rule."""
        return _DEFAULTS if self.levels is None else self.levels


def read_version(content: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """The version in the content of `m.room.create`, one of those known. Raises `EventError`.

    Spec: "If `content.room_version` is present and is not a recognised version, reject"
    """
    version = checked_text(content.get("room_version", "1"), "content.room_version")
    if version not in known:
        raise EventError("content.room_version", f"`{shorten(version)}` is not one of {', '.join(known)}")
    return version


def _create(before: Settings, event: Event, version: Version) -> Settings:
    content = event.content
    sender = read_user_id(event.sender, "sender")
    creator: str | None = sender
    if version.founder is Founder.CONTENT:
        if "creator" not in content:
            raise EventError("content.creator", "is missing")
        # Nothing is asked of it: what is no user id is the creator of nothing.
        creator = content["creator"] if is_user_id(content["creator"]) else None
    others = []
    if version.reign is Reign.SUPREME:
        place = "content.additional_creators"
        listed = sequence(content.get("additional_creators", []), place)
        others = [read_user_id(user, (place, index)) for index, user in enumerate(listed)]
    creation = Creation(
        creator=creator,
        others=tuple(others),
        # To the letter, nothing but `false` closes a room.
        only_server=server_of(sender) if content.get("m.federate") is False else None,
        event_id=event.event_id,
    )
    return Settings(creation, before.levels, before.join_rule, before.promises)


def levels_in(event: Event, version: Version) -> Levels:
    """The power levels that an event says, as far as they can be read."""
    levels: Levels = event.said or read_levels(event.content, version.numbers)
    return levels


def _set_levels(before: Settings, event: Event, version: Version) -> Settings:
    return Settings(before.creation, levels_in(event, version), before.join_rule, before.promises)


def _set_join_rule(before: Settings, event: Event, _: Version) -> Settings:
    word = event.content.get("join_rule", JoinRule.INVITE.value)
    # By a rule that nobody knows, nobody joins.
    rule = _JOIN_RULES.get(word, JoinRule.PRIVATE) if type(word) is str else JoinRule.PRIVATE
    return Settings(before.creation, before.levels, rule, before.promises)


_JOIN_RULES = words_of(JoinRule)


def _promise(before: Settings, event: Event, _: Version) -> Settings:
    assert event.state_key is not None
    return replace(before, promises=before.promises.but(event.state_key, Promise(event.sender, event.content)))


_CHANGES: Mapping[str, Callable[[Settings, Event, Version], Settings]] = {
    CREATE: _create,
    POWER_LEVELS: _set_levels,
    JOIN_RULES: _set_join_rule,
    THIRD_PARTY_INVITE: _promise,
}
