"""The wire format: role definitions and the other components as bytes, and back.

    >>> encode("ParticipantListData", {"participants": [{"user": "a", "role_index": 2}]}).hex()
    '06016100000002'

The values are those of the JSON contents. Capabilities come back by their names where
these are registered. Bytes come back as they were.
"""

from fsm.presentation import Structs
from fsm.room_policy.codec.structs import STRUCTS

__all__ = ["STRUCTS", "decode", "encode"]

_FORMAT = Structs(STRUCTS)

encode, decode = _FORMAT.encode, _FORMAT.decode
