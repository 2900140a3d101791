"""What all rooms of a policy share: its decisions, its permits, and the weights of its facts.

A room's rule is its join rule, and the powers of a user are their standing.
"""

from collections.abc import Mapping
from typing import TypeAlias

from fsm.classes import Beside, Rules, UserClass
from fsm.decision import Decision
from fsm.errors import DefinitionError
from fsm.facts import Value
from fsm.memory import memory_of
from fsm.mimi.permissions import ACTS
from fsm.mimi.permits import EventFacts, Kind, Told
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.roles import NOBODY, Roles, Standing
from fsm.mimi.settings import OWN_TYPES, TYPES, Settings, facts_of_any
from fsm.participation.terms import Action, JoinRule
from fsm.rule import Rule

Powers: TypeAlias = tuple[int, int, int]
"""A standing as columns need it: the weights of what one may do, power to kick, power to ban."""


class MimiRules(Rules[Standing, JoinRule]):
    """One policy, ready for its rooms."""

    def __init__(self, policy: MimiPolicy) -> None:
        words = frozenset(action.value for action in Action)
        usual = policy.participation_event
        types = (usual, *sorted(policy.participation_events - {usual}))
        super().__init__(memory_of(policy), "participation", words, types, NOBODY.users, setting_types=TYPES)
        weights = policy.domain.weights
        self.policy = policy
        self.new = Settings(Roles(policy.power))
        """What rooms are set to that nobody has created yet."""
        if (rule := self.new.join_rule) not in weights["join_rule"]:
            raise DefinitionError(f"policy `{policy.id}`: rooms begin with the join rule `{rule}`, which it lacks")
        self.permits: Mapping[Kind, tuple[Rule[EventFacts], ...]] = {
            kind: policy.permits.get(kind, ()) for kind in Kind
        }
        self.may = tuple(
            sum(weights[f"may_{name}"][bool(acts >> bit & 1)] for bit, (name, _) in enumerate(ACTS))
            for acts in range(2 ** len(ACTS))
        )
        """By the acts that a standing grants: their weight."""
        self._judged: Beside[tuple[Kind, Told]] = Beside(self, lambda key: self.question(*key))
        self.senders: Mapping[Kind, tuple[Senders, Senders]] = {
            kind: (Senders(self, kind, is_created=False), Senders(self, kind, is_created=True)) for kind in Kind
        }
        """Who may send events of a kind: by whether the room is created."""
        messages, states = self.senders[Kind.MESSAGE], self.senders[Kind.STATE]
        self.senders_of_others = (messages[False], states[False]), (messages[True], states[True])
        """The same for messages and for state that mean nothing to a room."""
        self.join_rule: Mapping[Value, int] = weights["join_rule"]
        self.is_self = weights["is_self"][True]
        self.outranks_for_kick = weights["outranks_for_kick"][True]
        self.outranks_for_ban = weights["outranks_for_ban"][True]

    def code(self, sender: Standing, target: Standing, rule: JoinRule, *, is_self: bool) -> int:
        """The facts but the two states, as the sum of their weights in the domain."""
        code = self.join_rule[rule] + self.may[sender.acts]
        if is_self:
            return code + self.is_self
        if sender.kick > target.kick:
            code += self.outranks_for_kick
        if sender.ban > target.ban:
            code += self.outranks_for_ban
        return code

    def question(self, kind: Kind, told: Told) -> tuple[tuple[Rule[EventFacts], ...], EventFacts]:
        """What is asked of an event that moves nobody: the rules, and the facts."""
        return self.permits[kind], EventFacts.of(told)

    def judge(self, kind: Kind, told: Told) -> Decision:
        """The decision on an event that moves nobody: made when first asked for, and then shared. Facts are finite."""
        return self._judged[kind, told]

    @property
    def nobody(self) -> Powers:
        """The powers of everybody who has no standing of their own."""
        return self.powers(NOBODY)

    def powers(self, standing: Standing) -> Powers:
        """What columns need of a standing."""
        return self.may[standing.acts], standing.kick, standing.ban


class Senders(dict[str, "_BySender"]):
    """Who may send events of one kind on whose contents nothing turns, by their type, and by the class of the sender.

    Each is found when it is first asked for. Any other type is no key, nor is one that is out of the ordinary.
    """

    __slots__ = ("_is_created", "_kind", "_rules")

    def __init__(self, rules: MimiRules, kind: Kind, *, is_created: bool) -> None:
        super().__init__()
        self._rules = rules
        self._kind = kind
        self._is_created = is_created

    def __missing__(self, event_type: str) -> "_BySender":
        is_other = self._kind is Kind.MESSAGE and event_type in OWN_TYPES
        if is_other or not event_type.isascii() or not 0 < len(event_type) <= _LONGEST_TYPE:
            raise KeyError(event_type)
        if len(self) >= _MOST_TYPES:
            self.clear()
        return self.setdefault(event_type, _BySender(self._rules, event_type, self._kind, self._is_created))


class _BySender(Beside[UserClass]):
    __slots__ = ("_judge", "_told")

    def __init__(self, rules: MimiRules, event_type: str, kind: Kind, is_created: bool) -> None:
        def told(by: UserClass) -> tuple[Kind, Told]:
            return kind, facts_of_any(event_type, by.state, by.peers.powers, is_created=is_created)

        super().__init__(rules, lambda by: rules.question(*told(by)))
        self._told, self._judge = told, rules.judge

    def __missing__(self, by: UserClass) -> Decision:
        if not by.peers.is_kept:
            return self._judge(*self._told(by))
        if len(self) >= _MOST_SENDERS:
            self.clear()
        return self.setdefault(by, self._judge(*self._told(by)))


_MOST_TYPES, _LONGEST_TYPE, _MOST_SENDERS = 2**8, 2**8 - 1, 2**12
"""So many event types are known, the longest of them, and for each so many classes of senders."""


def rules_of(policy: MimiPolicy, *, has_provider: bool = False) -> MimiRules:
    """The rules of a policy, made once. Raises `DefinitionError` for what rooms cannot be run by."""
    return MimiPolicy.for_rooms(policy, has_provider=has_provider).derived(MimiRules)
