"""Laws of one's own, out of a Python file."""

from collections.abc import Iterable
from typing import Any

from fsm.errors import shorten
from fsm.loading import load_module, running
from fsm.policies import CATALOGUE, known_policy, laws_of
from fsm.review.errors import ReviewError
from fsm.review.laws.kinds import Law
from fsm.review.laws.room_laws import BEGINS, RoomLaw
from fsm.review.laws.structure import TABLE_LAWS


def law_ids(own: Iterable[Any] = ()) -> frozenset[str]:
    """The ids of all laws that there are, of the families in the catalogue, and of one's own."""
    return frozenset(law.id for law in (*TABLE_LAWS, *_laws_of_families(), BEGINS, *own))


def load_laws(where: str) -> tuple[Law | RoomLaw, ...]:
    """The laws that a Python file, or a module, defines. Raises `ReviewError` when it has none, or fails."""
    place, known = shorten(where), _laws_of_families()
    with running(f"laws `{place}` cannot be loaded", ReviewError):
        module = load_module(where)
    known = (*known, BEGINS)
    own = tuple(each for each in vars(module).values() if isinstance(each, (Law, RoomLaw)) and each not in known)
    if not own:
        raise ReviewError(f"laws `{place}`: there is no law in it")
    for law in own:
        if any(law.id == each.id for each in (*TABLE_LAWS, *known)):
            raise ReviewError(f"laws `{place}`: there is a law `{law.id}` already")
    return own


def _laws_of_families() -> tuple[Any, ...]:
    laws = (law for policy in map(known_policy, CATALOGUE) for law in laws_of(policy))
    return tuple(dict.fromkeys(laws))
