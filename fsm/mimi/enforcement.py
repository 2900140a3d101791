"""Who enforces what: the hub where it can read, the clients where it cannot.

A hub judges every event before it adds it to the room and passes it on. Of an
encrypted message it sees the outside alone: who sends it, to which room, backed by
which events. It rejects what is illegal whatever is inside, and passes on the rest
with the verdict "for the client". A client follows the room by the events that it
gets, decrypts, judges what comes out, and renders nothing that the policy rejects.

Keys, signatures and hashes belong to the transport: the host gives functions that
check and decrypt. There is no network here either: what is to go to a provider waits
in a queue until the host drains it. Events are passed on as they came, never copied.

The drafts do not say what an encrypted message looks like. Ours is an event of type
`m.room.encrypted` without a state key, whose content is `{"ciphertext": "…"}`, a text.
Decrypted, it is an object with the `type` and the `content` of the message; all else
stands outside, in the open. (`Room.send`, which knows nothing of encryption, takes it
for a message of that type.)

Spec: "Introduction" (seed 1, -00 1, -01 1); "Conventions and Definitions"
(seed 2, -00 2, -01 2): *Rejected*
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, TypeAlias

from fsm.decision import Decision, judge
from fsm.errors import EventError, RevisionError
from fsm.event import Event, mapping, name, plain, read_event
from fsm.guards import guard
from fsm.locks import lock_of
from fsm.mimi.room import Room
from fsm.mimi.visibility import VIEWS, ViewFacts
from fsm.participation import draft
from fsm.participation.terms import Participation
from fsm.rule import Rule

ENCRYPTED = "m.room.encrypted"

JsonEvent: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportFacts:
    """What only the transport can tell of an event."""

    is_authentic: bool = True
    is_decrypted: bool = True


@guard("the event is authentic", fails="the event is not correctly signed and hashed", says=[draft.SIGNED])
def event_is_authentic(facts: TransportFacts) -> bool:
    """The hub has checked its signature and its hash."""
    return facts.is_authentic


@guard("the event can be decrypted", fails="the event cannot be decrypted", says=[draft.CLIENTS_ENFORCE])
def event_is_decrypted(facts: TransportFacts) -> bool:
    """The client can read what it has to judge."""
    return facts.is_decrypted


# What every event needs besides its own rule.
AUTHENTIC = Rule("authentic", (event_is_authentic,), clause="-00 3")
DECRYPTED = Rule("decrypted", (event_is_decrypted,), clause="-01 1")


class Verdict(StrEnum):
    """What a hub makes of an event."""

    ALLOWED = "allowed"
    REJECTED = "rejected"
    FOR_THE_CLIENT = "for the client"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a hub did with an event: true when it was passed on, to the queues of `providers`.

    `decision` is on what the hub could read.
    """

    verdict: Verdict
    decision: Decision
    providers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.verdict is not Verdict.REJECTED


class Hub:
    """The server that judges the events of one room, and passes them on to the providers.

    `provider_of` answers for any user id which provider the user belongs to;
    `is_authentic` whether an event is correctly signed and hashed.
    """

    def __init__(
        self, room: Room, *, provider_of: Callable[[str], str], is_authentic: Callable[[JsonEvent], bool]
    ) -> None:
        self.room = room
        self._provider_of = provider_of
        self._is_authentic = is_authentic
        self._queues: dict[str, list[JsonEvent]] = {}

    def receive(self, event: JsonEvent) -> Delivery:
        """Judge an event; add it to the room and pass it on, unless it is rejected.

        An event that was passed on before gets the same verdict, and is not passed on again.
        Raises `EventError` when the event is malformed; nothing has happened then.

        Spec: "Event Authorization" (-00 3)
        """
        event = plain(event)
        read = read_event(event)
        is_encrypted = _is_encrypted(read)
        # Nothing but True will do: a check that forgets to answer has not passed.
        authentic = judge((AUTHENTIC,), TransportFacts(is_authentic=self._is_authentic(event) is True))
        if not authentic:
            return Delivery(Verdict.REJECTED, authentic)
        verdict = Verdict.FOR_THE_CLIENT if is_encrypted else Verdict.ALLOWED
        while True:
            revision = self.room.revision
            known = self.room.answered(event)
            if known is not None:
                return Delivery(verdict, known)
            providers = tuple(sorted(self._providers_of_parties(read) | self._providers_in_room()))
            pass_on = partial(self._pass_on, event, providers)
            with suppress(RevisionError):  # the room has changed since: other providers may be in it
                send = self.room._send_unread_at if is_encrypted else self.room._send_at  # noqa: SLF001 - of MIMI
                decision = send(revision, event, pass_on)
                return Delivery(verdict, decision, providers) if decision else Delivery(Verdict.REJECTED, decision)

    def drain(self, provider: str) -> list[JsonEvent]:
        """Take all events that wait for a provider, in the order in which they were added to the room."""
        with lock_of(self.room):
            return self._queues.pop(provider, [])

    def _pass_on(self, event: JsonEvent, providers: Iterable[str]) -> None:
        """Put an event into the queues of providers; the room is locked, so that they have the room's order."""
        for provider in providers:
            self._queues.setdefault(provider, []).append(event)

    def _providers_in_room(self) -> set[str]:
        """Those with users in the joined state.

        Spec: "User Participation" (-00 6, -01 5)
        """
        states = self.room.participations()
        return {self._provider_of(user) for user, state in states.items() if state is Participation.JOIN}

    def _providers_of_parties(self, event: Event) -> set[str]:
        """Those of sender and target, who may be on their way into the room, or just out of it.

        Spec: "User Participation" (-00 6, -01 5), which leaves it to signalling how
        servers are helped to join.
        """
        is_participation = event.type in self.room.policy.participation_events
        users = {event.sender, event.state_key} if is_participation else {event.sender}
        return {self._provider_of(user) for user in users if user}


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a client makes of an event: true when it is to be rendered and respected.

    `event` is the event as it was judged: decrypted, if that could be done.
    """

    event: JsonEvent
    decision: Decision

    def __bool__(self) -> bool:
        return self.decision.allowed


class Client:
    """One user's side of a room: it follows the room, and enforces what the hub cannot.

    `room` is the client's own, as it was when the first event was sent that the
    client gets: `Room.restore` makes one from the hub's snapshot. `decrypt` answers
    for an encrypted event with the object inside, or with None when it has no key
    or the message is not from whom the event says.
    """

    def __init__(self, room: Room, user: str, decrypt: Callable[[JsonEvent], object]) -> None:
        self.room = room
        self.user = user
        self._decrypt = decrypt

    def receive(self, event: JsonEvent) -> Rendering:
        """Judge an event, decrypted where need be, and add it to the room unless it is rejected.

        A message that the user may not see (yet) is in the room, but not rendered:
        ask `room.view` about it later. So is one that cannot be decrypted. Raises
        `EventError` when the event, or what is inside, is malformed.

        Spec: "Introduction" (seed 1, -00 1, -01 1); "Event/History Visibility" (-00 7)
        """
        event = plain(event)
        if not _is_encrypted(read_event(event)):
            return self._judged(event)
        inside = plain(self._decrypt(event))
        if inside is None:
            unread = self.room.send_unread(event)
            return Rendering(event, judge((DECRYPTED,), TransportFacts(is_decrypted=False)) if unread else unread)
        return self._judged({**event, **_read_inside(inside)})

    def _judged(self, event: JsonEvent) -> Rendering:
        decision = self.room.send(event)
        if not decision or "state_key" in event:
            return Rendering(event, decision)
        facts = ViewFacts(
            is_state=False,
            visibility=self.room.envelope().visibility,
            viewer=self.room.participation(self.user),
            joined_later=False,
        )
        view = judge(VIEWS, facts)
        return Rendering(event, decision if view else view)


def _is_encrypted(event: Event) -> bool:
    """Whether this is an encrypted message. Raises `EventError` when it is a malformed one."""
    if event.type != ENCRYPTED:
        return False
    if event.state_key is not None:
        raise EventError("state_key", "must not be there: state is never encrypted")
    return bool(name(event.content, "ciphertext", "content"))


def _read_inside(value: object) -> dict[str, Any]:
    """What an encrypted event hides: the only two fields that are taken from inside."""
    place = "decrypted"
    inside = mapping(value, place)
    kind = name(inside, "type", place)
    if kind == ENCRYPTED:
        raise EventError(f"{place}.type", f"must not be `{ENCRYPTED}` again")
    if "content" not in inside:
        raise EventError(f"{place}.content", "is missing")
    return {"type": kind, "content": mapping(inside["content"], f"{place}.content")}
