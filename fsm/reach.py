"""Who may do what to whom under a policy, where numbers do not forbid it: what pictures of roles are made of."""

from dataclasses import dataclass

from fsm.state import AnyState


@dataclass(frozen=True, slots=True)
class Reach:
    """One thing that users in the state `by` may do: take somebody from `source` to `dest`, by the row `verb`.

    What leaves the target where it is has one state as both. `is_self` says that it is done to oneself.
    """

    by: AnyState
    verb: str
    source: AnyState
    dest: AnyState
    is_self: bool
