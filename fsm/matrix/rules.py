"""What all rooms of a policy share: its decisions, its actions, and the weights of its facts.

The powers of a user are the power level that they have of their own, None for those who
have none. A room's rule says what that of all others is, and what levels it takes to act.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from fsm.classes import MAX_RULES, Beside, Peers, Rules, Table, UserClass
from fsm.decision import Decision
from fsm.errors import DefinitionError
from fsm.facts import Value
from fsm.matrix.facts import DOMAIN, Warrant
from fsm.matrix.levels import Levels, Power, exceeds, reaches
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.rows import KINDS, EventFacts, Kind, Row
from fsm.matrix.settings import CREATE, JOIN_RULES, POWER_LEVELS, THIRD_PARTY_INVITE
from fsm.memory import Key as Question
from fsm.memory import memory_of
from fsm.participation.terms import JoinRule, Participation

Own: TypeAlias = Power | None
"""A power level of one's own; None for who has none."""

SETTING_TYPES = frozenset((JOIN_RULES, POWER_LEVELS))
"""The types of events that say what a room is set to, and that the quick way reads."""

OTHERS: Peers[Own] = Peers(None, Participation.LEAVE)
"""Users who have no power level of their own."""


class Rule(NamedTuple):
    """What a room's settings say of decisions, beside the levels that users have of their own."""

    join_rule: JoinRule
    others: Power
    """The level of everybody who has none of their own."""
    invite: Power
    kick: Power
    ban: Power
    is_created: bool = True
    is_first: bool = False
    """Whether nothing has happened since the creation, so that only creators have powers, of whom there is one."""

    def power(self, own: Own) -> Power:
        """A user's level."""
        return self.others if own is None else own


class MatrixRules(Rules[Own, Rule]):
    """One policy, ready for its rooms."""

    def __init__(self, policy: MatrixPolicy) -> None:
        words = frozenset(action.value for action in policy.triggers)
        super().__init__(
            memory_of(policy), "membership", words, ("m.room.member",), OTHERS, setting_types=SETTING_TYPES
        )
        self.policy = policy
        weights = policy.domain.weights
        for name, whole in DOMAIN.values.items():
            if name in {"join_rule", "warrant"} and len(weights[name]) < len(whole):
                raise DefinitionError(f"policy `{policy.id}`: rooms of `{policy.family}` need all values of `{name}`")
        self.may_invite = weights["may_invite"][True]
        self.may_kick = weights["may_kick"][True]
        self.may_ban = weights["may_ban"][True]
        self.outranks = weights["outranks_for_kick"][True] + weights["outranks_for_ban"][True]
        self.is_self = weights["is_self"][True]
        self.join_rule: Mapping[Value, int] = weights["join_rule"]
        self.warrant: Mapping[Value, int] = weights["warrant"]
        self.is_authorised = weights["is_authorised"][True]
        self._permissions = {row.id: row.permission for row in (policy.premise, *policy.all_permits)}
        self.met = (policy.premise,), EventFacts()
        self._judged: Beside[_Asked] = Beside(self, self._question)
        self.own_types = frozenset((CREATE, THIRD_PARTY_INVITE)).union(
            event_type for event_type, kind in KINDS.items() if kind is Kind.MEMBER or kind in policy.permits
        )
        """The event types that have rules of their own, or that the quick way leaves to the careful one."""
        self._senders: dict[tuple[Any, ...], tuple[Senders, Senders]] = {}
        self.messages, self.states = (_both(self, policy.permits[kind]) for kind in (Kind.MESSAGE, Kind.STATE))
        """The decisions on messages, and on state, of all other types, in rooms that are open to all servers.

        By whether the sender reaches the level that it takes, and by the sender's class; a `state_key` is no other's.
        """

    def _new_table(self, rule: Rule) -> Table[Own, Rule]:
        if not rule.is_created:
            return UncreatedTable(self, rule)
        return FirstTable(self, rule) if rule.is_first else super()._new_table(rule)

    def senders(self, levels: Levels) -> "tuple[Senders, Senders]":
        """Who may send messages, and who may set state, under these power levels. Rooms with equal ones share it."""
        named = [levels.level(name) for name in ("events_default", "state_default", "users_default")]
        said = (frozenset(levels.events.items()), *named)
        found = self._senders.get(said)
        if found is None:
            of_events = Levels(events=levels.events, named=levels.named)  # those of users may be many
            found = Senders(self, of_events, is_state=False), Senders(self, of_events, is_state=True)
            if len(levels.events) <= _MOST_TYPES and sum(map(len, levels.events)) <= _MOST_LETTERS:
                if len(self._senders) >= MAX_RULES:
                    self._senders.clear()
                self._senders[said] = found
        return found

    def code(self, sender: Own, target: Own, rule: Rule, *, is_self: bool, favourable: bool = False) -> int:
        """The facts but the two states, as the sum of their weights in the domain.

        What is not known of power levels is against the sender or, with `favourable`, in their favour.
        """
        power, other = rule.power(sender), rule.power(target)
        code = self.join_rule[rule.join_rule] + self.may(power, rule, favourable=favourable)
        if is_self:
            return code + self.is_self
        return code + self.outranks if exceeds(power, other, favourable=favourable) else code

    def judge(self, kind: Kind, facts: Mapping[str, Any]) -> Decision:
        """The decision on an event that moves nobody, or for a membership event on what is asked of all of them.

        Facts are those of `EventFacts`; those that are left out are plain. It is made when first asked for.
        """
        sender = facts.get("sender", Participation.JOIN)
        return self._judged[kind, sender, tuple([name for name, value in facts.items() if value is False])]

    def _question(self, asked: "_Asked") -> tuple[Sequence[Row], EventFacts]:
        kind, sender, failed = asked
        rows = (self.policy.premise,) if kind is Kind.MEMBER else self.policy.permits[kind]
        return rows, EventFacts(sender=sender, **dict.fromkeys(failed, False))

    def permission(self, rule: Any) -> Decision:
        """The decision in which a row permits: it names the row."""
        return self._permissions[rule.id]

    def may(self, power: Power, rule: Rule, *, favourable: bool = False) -> int:
        """The weights of what a user of this power may do. With `favourable`, what is not known is in their favour."""
        return (
            self.may_invite * reaches(power, rule.invite, favourable=favourable)
            + self.may_kick * reaches(power, rule.kick, favourable=favourable)
            + self.may_ban * reaches(power, rule.ban, favourable=favourable)
        )


class UncreatedTable(Table[Own, Rule]):
    """What is looked up in rooms that nobody has created yet: nothing but their creation."""

    __slots__ = ()

    def __init__(self, rules: MatrixRules, rule: Rule) -> None:
        super().__init__(rules, rule)
        self.is_passing, self.setting_types = True, frozenset((CREATE,))
        self.own, self.others = {}, {}


class FirstTable(Table[Own, Rule]):
    """The decisions in rooms where nothing has happened since the creation: by it, the creator may join."""

    __slots__ = ("_first_join",)

    def __init__(self, rules: MatrixRules, rule: Rule) -> None:
        super().__init__(rules, rule)
        self.is_passing = True
        self._first_join = rules.warrant[Warrant.FIRST_JOIN]

    def question(self, action: str, sender: UserClass, target: UserClass, *, is_self: bool) -> Question:
        """What is asked of the memory."""
        word, to, by, code = super().question(action, sender, target, is_self=is_self)
        is_creator = target.peers.powers is not None
        return word, to, by, code + self._first_join if action == "join" and is_creator else code


_Asked: TypeAlias = tuple[Kind, Participation, tuple[str, ...]]
"""The kind of an event, where its sender stands, and the facts that are not plain."""

Both: TypeAlias = tuple[Beside[UserClass], Beside[UserClass]]
"""Decisions by whether the sender reaches the level that it takes."""


def _both(rules: MatrixRules, rows: Sequence[Row]) -> Both:
    def question(by: UserClass, *, may_send: bool) -> tuple[Sequence[Row], EventFacts]:
        return rows, EventFacts(sender=by.state, may_send=may_send)

    below, above = (Beside[UserClass](rules, partial(question, may_send=may_send)) for may_send in (False, True))
    return below, above


class Senders(dict[str, "_BySender"]):
    """Who may send messages, or set state, of types that have no rules of their own, where these are the power levels.

    By event type, and by the class of the sender. Each is found when it is first asked for.
    """

    __slots__ = ("_is_state", "_levels", "_rules")

    def __init__(self, rules: MatrixRules, levels: Levels, *, is_state: bool) -> None:
        super().__init__()
        self._rules = rules
        self._levels = levels
        self._is_state = is_state

    def __missing__(self, event_type: str) -> "_BySender":
        if event_type in self._rules.own_types or not event_type.isascii() or not 0 < len(event_type) <= _LONGEST_TYPE:
            raise KeyError(event_type)
        if len(self) >= _MOST_TYPES:
            self.clear()
        required = self._levels.required(event_type, is_state=self._is_state)
        both = self._rules.states if self._is_state else self._rules.messages
        return self.setdefault(event_type, _BySender(both, required, self._levels.level("users_default")))


class _BySender(Beside[UserClass]):
    __slots__ = ("_both", "_others", "_required")

    def __init__(self, both: Both, required: Power, others: Power) -> None:
        super().__init__(both[0].rules, lambda by: self._of(by).question(by))
        self._both = both
        self._required = required
        self._others = others

    def __missing__(self, by: UserClass) -> Decision:
        if len(self) >= _MOST_SHARED:
            self.clear()
        return self.setdefault(by, self._of(by)[by])

    def _of(self, by: UserClass) -> Beside[UserClass]:
        own = by.peers.powers
        return self._both[reaches(self._others if own is None else own, self._required)]


_MOST_TYPES, _LONGEST_TYPE, _MOST_LETTERS = 2**8, 2**8 - 1, 2**14
"""So many event types are known, the longest of them, and the letters of all that power levels name."""

_MOST_SHARED = 2**12
_peers: dict[Power, Peers[Own]] = {}


def peers_of(power: Power) -> Peers[Own]:
    """The users who have this level of their own."""
    found = _peers.get(power)
    if found is None:
        if len(_peers) >= _MOST_SHARED:
            _peers.clear()
        found = _peers.setdefault(power, Peers(power, Participation.LEAVE))
    return found


def rules_of(policy: MatrixPolicy, *, has_provider: bool = False) -> MatrixRules:
    """The rules of a policy, made once. Raises `DefinitionError` for what rooms cannot be run by."""
    return MatrixPolicy.for_rooms(policy, has_provider=has_provider).derived(MatrixRules)
