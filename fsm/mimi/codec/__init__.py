"""The wire format: the contents of events as bytes, and back.

    >>> encode("MUserContent", {"participation": "ban", "reason": "spam"}).hex(" ")
    '04 04 73 70 61 6d'
    >>> decode("MUserContent", bytes.fromhex("02 00"))
    {'participation': 'join'}

The values are those of the JSON contents. `STRUCTS` names what can be encoded;
the structs are data (`structs`), made of the types of the TLS presentation
language (`presentation`).

Every value has one form on the wire and comes back as it was, but for an empty
`reason`, which JSON leaves out. Bytes come back as they were, unless an event
type was listed more than once in one permission; only the last entry is kept.
"""

from fsm.mimi.codec.structs import STRUCTS
from fsm.presentation import Structs

__all__ = ["STRUCTS", "decode", "encode"]

_FORMAT = Structs(STRUCTS)

encode, decode = _FORMAT.encode, _FORMAT.decode
