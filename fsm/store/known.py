"""What a host lets the rooms of a store have: policies, a provider of facts, and participants."""

# ruff: noqa: SLF001 - rooms are set up here

from collections.abc import Iterable
from typing import Any

from fsm.errors import PolicyError, StoreError, shorten
from fsm.family import AnyPolicy
from fsm.own_facts import Provider
from fsm.participant import Participant, check_hooks
from fsm.policies import Rules, family_of, known_rules, policy_of
from fsm.policy import Policy
from fsm.store.past import StoredPast


class Known:
    """The policies by which rooms of a store can be run, those of the catalogue and those that the host allows.

    Also what the host has rooms ask for facts, and the class of its participants.
    """

    def __init__(
        self, policies: Iterable[AnyPolicy], provider: Provider | None, participant: type[Participant]
    ) -> None:
        self.allowed: dict[str, Rules] = {policy.id: policy for policy in policies}
        self.provider = provider
        self.participant = participant

    def rules(self, named: str | AnyPolicy) -> Rules:
        """What a name stands for. A policy itself is allowed from then on. Raises `DefinitionError`."""
        if isinstance(named, Policy):
            self.allowed.setdefault(named.id, named)
            named = named.id
        return known_rules(named, self.allowed)

    def policy(self, policy_id: str, fingerprint: str | None = None) -> AnyPolicy | None:
        """The policy of this id, and of this fingerprint if one is told; None where it is not at hand."""
        try:
            found = policy_of(known_rules(policy_id, self.allowed))
        except PolicyError:
            return None
        return found if found is not None and fingerprint in (None, found.fingerprint) else None

    def kind(self, rules: Rules) -> Any:
        """The class of rooms that are run so. Raises `DefinitionError`."""
        family = family_of(rules)
        if family is None:
            raise StoreError(f"policy `{rules.id}`: there is no family `{shorten(rules.family)}`")
        return family.room

    def new_room(self, rules: Rules, room_id: str) -> Any:
        """A room that nobody has created yet."""
        room = self.kind(rules)(room_id, policy=policy_of(rules), facts=self.provider)
        self.check_hooks(room)
        room._past = StoredPast()
        return room

    def check_hooks(self, room: Any) -> None:
        """Raise `DefinitionError` for hooks that are named for nothing in a room."""
        check_hooks(self.participant, room._is_hook, f"policy `{room.policy.id}`")
