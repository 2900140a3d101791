"""What rooms of all families have in common: the order of work from an event to an answer.

Theory of operation. An event is read, then judged, then applied, each once. Two ways lead
there. Almost all events are sound participation changes, which the *quick way* looks up by
the classes of its users (`fsm.classes`): one function reads them (`_quick`), and where they
are sent, another one applies and keeps what it has read (`_carry_out`). A family may have it
look up other events as well, and judge those that say what the room is set to. Whatever is out
of the ordinary goes the *careful way*: it is made plain (`fsm.event.plain`), read in full,
judged, and finds the words for what is wrong. Both ways give the same answers, the same changes
and the same rooms.

A value that is not plain is copied, and a host's own facts are asked for, before a room is
locked, and its observers are told afterwards (`fsm.observers`); between the two nobody else
reads or changes the room. `decide` takes the quick way without a lock: its answer holds when
it is given. Whoever changes what a room is set to takes its table away first (`_set_up`), and
whoever has read from both sides of such a change begins anew.

To send an event is to prepare a `Change` and to apply it. A host that stores what happens
takes the two steps itself, and stores the change between them. The number of events that a
room has accepted is its *revision*, by which it knows whether a change is still for the room
as it is. Where nobody is told, no change is made. What the events lead to by which somebody
creates a room is found once for all rooms that are alike when they begin (`_begin`).

Each module adds one subject to the class of rooms: what a family says (`contract`), where
users stand (`users`), events kept by their ids (`event_ids`), answers (`judging`), who is
told (`observing`), how events come in (`sending`), a state that a room begins with
(`given_state`), and rooms written down or copied (`saving`).

An event with an id is kept (`fsm.past`): the same event again gets the first answer, and
nothing is applied or told twice; another event with the same id is an error.
"""

from fsm.participant import Who
from fsm.room.contract import JSON, Attachments
from fsm.room.event_ids import another
from fsm.room.saving import RoomSaving, itself, known_in

__all__ = ["JSON", "Attachments", "BaseRoom", "another", "itself", "known_in"]


class BaseRoom(RoomSaving[Who]):
    """One room: a family says how its events are read, judged and applied."""

    __slots__ = ()
