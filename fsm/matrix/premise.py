"""What must hold of a membership event before anybody asks where users stand.

These rules have no state machine, but they are judged in the same way: by a
rule over finite facts, and a refusal names every guard that failed.
"""

from dataclasses import dataclass

from fsm.guards import guard


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiseFacts:
    """How an event fits the room, and whether it says what a membership event has to say."""

    is_created: bool
    is_of_this_room: bool
    is_admitted: bool
    has_target: bool
    has_action: bool
    is_authoriser_user: bool


@guard("the room has been created", fails="the room has not been created")
def room_is_created(facts: PremiseFacts) -> bool:
    """The state of the room holds its creation.

    Spec: "If there is no `m.room.create` event among the entries, reject"
    """
    return facts.is_created


@guard("the event is of this room", fails="the event is of another room")
def event_is_of_this_room(facts: PremiseFacts) -> bool:
    """The events of the state have the same `room_id`.

    Spec: "If any event in `auth_events` has a `room_id` which does not match"
    """
    return facts.is_of_this_room


@guard("the sender's server may take part", fails="the room is closed to the sender's server")
def sender_is_admitted(facts: PremiseFacts) -> bool:
    """The room is federated, or the sender is of the same server as whoever sent the room's creation.

    Spec: "If the `content` of the `m.room.create` event in the room state has the
    property `m.federate` set to `false`"
    """
    return facts.is_admitted


@guard("the event names its target", fails="the event has no `state_key`")
def target_is_named(facts: PremiseFacts) -> bool:
    """There is a `state_key`, which is the target.

    Spec: "If there is no `state_key` property, or no `membership` property in `content`, reject"
    """
    return facts.has_target


@guard("the room version knows the membership", fails="the room version knows no such membership")
def membership_is_known(facts: PremiseFacts) -> bool:
    """`content.membership` is there, and one of the words that the room version knows.

    Spec: "Otherwise, the membership is unknown. Reject."
    """
    return facts.has_action


@guard("the authoriser is a user", fails="who is to authorise the join is no user")
def authoriser_is_user(facts: PremiseFacts) -> bool:
    """If `content` names who authorises a join, as of version 8, this is a user, whose server can have signed it.

    Whether it has is checked where events are received.

    Spec: "If the event is not validly signed by the homeserver of the user ID denoted by the key, reject"
    """
    return facts.is_authoriser_user


PREMISES = (room_is_created, event_is_of_this_room, sender_is_admitted, target_is_named, membership_is_known)
