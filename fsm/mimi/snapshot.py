"""What a MIMI room is set to, as its snapshots have it: an envelope, who created the room, and who still reigns."""

from collections.abc import Mapping
from typing import Any

from fsm.errors import EventError
from fsm.event import checked_name
from fsm.mimi.envelope import Envelope
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.settings import Settings


def read_settings(given: Mapping[str, Any], policy: MimiPolicy) -> Settings:
    """The settings of a snapshot. Raises `EventError`."""
    try:
        settings = Envelope.as_it_stands(given["envelope"]).settings(policy)
    except EventError as problem:
        raise problem.within("envelope") from None
    creator = None if given["creator"] is None else checked_name(given["creator"], "creator")
    if not given["reigns"]:
        return settings._replace(creator=creator)
    if creator is None:
        raise EventError("reigns", "must be false: there is no creator")
    settings = settings._replace(creator=creator, roles=settings.roles.reign())
    if not settings.roles.reigning:
        raise EventError("reigns", "must be false: roles are assigned")
    return settings
