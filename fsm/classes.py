"""Users as decisions see them: where they stand and what powers they have, as one object.

Theory of operation. Whether somebody may act on somebody depends on what both are, and
not on who they are. So a room keeps one thing of each user: their *class*, which is the
same object for all users in the same state whose powers are the same. Decisions on
ordinary changes stand in the `Table` of the room's rule (its join rule, and whatever else
a family takes from its settings), which all rooms of a policy with that rule share: by
action, class of the sender and class of the target. A table asks the memory of the
policy's machine for each of them once. It is no second set of rules.
"""

from collections.abc import Callable, Container, Iterator, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from fsm.decision import Decision, permit, refuse_by
from fsm.rule import Rule
from fsm.state import AnyState

if TYPE_CHECKING:
    from fsm.memory import Key as Question
    from fsm.memory import Memory

P = TypeVar("P")
R = TypeVar("R")

MAX_DECISIONS = 2**16
"""A table that holds so many begins anew: there are rooms in which everybody has powers of their own."""

MAX_RULES = 2**8
"""So many tables are kept for rooms to come."""


class UserClass:
    """All users in one state that have the same powers."""

    __slots__ = ("peers", "state")

    def __init__(self, peers: "Peers[Any]", state: Any) -> None:
        self.peers = peers
        self.state = state

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state} {self.peers.powers}>"


class Peers(dict[AnyState, UserClass], Generic[P]):
    """Users that have the same powers: their class in each state."""

    __slots__ = ("is_kept", "powers", "unknown")

    def __init__(self, powers: P, initial: AnyState, *, is_kept: bool = True) -> None:
        super().__init__()
        self.powers = powers
        self.is_kept = is_kept
        """Whether decisions that ask for these powers are kept for other rooms: powers may be large."""
        self.unknown = UserClass(self, initial)
        """Of whom nothing is known but their powers."""

    def __missing__(self, state: AnyState) -> UserClass:
        return self.setdefault(state, UserClass(self, state))

    def like(self, other: UserClass) -> UserClass:
        """The class of these powers in the state of another."""
        return self.unknown if other is other.peers.unknown else self[other.state]


class Answers(dict[UserClass, Decision]):
    """The decisions on one action by the class of the target: for one class of senders, None for targets themselves."""

    __slots__ = ("_action", "_sender", "table")

    def __init__(self, table: "Table[Any, Any]", action: str, sender: UserClass | None) -> None:
        super().__init__()
        self.table = table
        self._action = action
        self._sender = sender

    def question(self, target: UserClass) -> "Question":
        """What is asked of the memory."""
        return self.table.question(self._action, self._sender or target, target, is_self=self._sender is None)

    def __missing__(self, target: UserClass) -> Decision:
        decision = self.table.memory[self.question(target)]
        if target.peers.is_kept:
            self.table.make_room()
            self[target] = decision
        return decision


class Senders(dict[UserClass, Answers]):
    """The decisions on one action upon others, by the class of the sender."""

    __slots__ = ("_action", "_table")

    def __init__(self, table: "Table[Any, Any]", action: str) -> None:
        super().__init__()
        self._table = table
        self._action = action

    def __missing__(self, sender: UserClass) -> Answers:
        answers = Answers(self._table, self._action, sender)
        return self.setdefault(sender, answers) if sender.peers.is_kept else answers


class Table(Generic[P, R]):
    """The decisions in rooms of one rule, each made when first asked for: by action, and by the classes of both users.

    `word` is the key of the content under which changes name their action, and `types` are the event types of changes,
    of which one is the `usual`. Events of the `setting_types` say what a room is set to. A table that `is_passing`
    holds in a room until an event is accepted.
    """

    __slots__ = ("_rules", "held", "is_passing", "others", "own", "rule", "setting_types", "types", "usual", "word")

    def __init__(self, rules: "Rules[P, R]", rule: R) -> None:
        self.rule = rule
        self.is_passing = False
        self.word = rules.word
        self.types = rules.types
        self.usual = rules.types[0]
        self.setting_types = rules.setting_types
        self._rules = rules
        self.own: dict[str, Answers] = {action: Answers(self, action, None) for action in rules.words}
        """On what users do to themselves."""
        self.others: dict[str, Senders] = {action: Senders(self, action) for action in rules.words}
        """On what users do to others."""
        self.held = 0
        """The number of decisions."""

    @property
    def memory(self) -> "Memory[Any]":
        """Where the decisions come from."""
        return self._rules.memory

    @property
    def met(self) -> "Met":
        """What ordinary changes meet of the rules beside the table."""
        return self._rules.met

    def question(self, action: str, sender: UserClass, target: UserClass, *, is_self: bool) -> "Question":
        """What is asked of the memory."""
        code = self._rules.code(sender.peers.powers, target.peers.powers, self.rule, is_self=is_self)
        return action, target.state, sender.state, code

    def decide(self, action: str, sender: UserClass, target: UserClass, *, is_self: bool) -> Decision:
        """The decision on an action. Raises `KeyError` for one that the policy does not know."""
        return self.own[action][target] if is_self else self.others[action][sender][target]

    def make_room(self) -> None:
        """Make room for one decision more."""
        if self.held >= MAX_DECISIONS:
            self.held = 0
            for action in self.own:
                self.own[action].clear()
                self.others[action].clear()
        self.held += 1


Met: TypeAlias = "tuple[Sequence[Rule[Any]], Any] | None"
"""Rules beside the table that were asked, and the facts that they were asked of."""


class Rules(Generic[P, R]):
    """A policy, ready for its rooms: a family says what powers and rules add to the code of a question.

    `word` is the key of the content under which changes name their action, `words` are the actions, and `types`
    the event types of changes, the usual one first. `others` are the users who have no powers of their own.
    Events of the `setting_types` say what a room is set to.
    """

    def __init__(  # noqa: PLR0913 - each is something else
        self,
        memory: "Memory[Any]",
        word: str,
        words: frozenset[str],
        types: tuple[str, ...],
        others: Peers[P],
        *,
        setting_types: Container[str] = (),
    ) -> None:
        self.memory = memory
        self.word = word
        self.words = words
        self.types = types
        self.others = others
        self.setting_types = setting_types
        self.begun: Any = None
        """What the first events of rooms lead to, as long as they are alike (see `fsm.room.sending`)."""
        self._tables: dict[R, Table[P, R]] = {}
        self.met: Met = None
        """What ordinary changes meet of the rules beside the table, and pass."""

    def code(self, sender: P, target: P, rule: R, *, is_self: bool) -> int:
        """The facts but the two states, as the sum of their weights in the domain."""
        raise NotImplementedError

    def table(self, rule: R) -> Table[P, R]:
        """The decisions in rooms of this rule."""
        found = self._tables.get(rule)
        if found is None:
            if len(self._tables) >= MAX_RULES:
                self._tables.clear()
            found = self._tables.setdefault(rule, self._new_table(rule))
        return found

    def _new_table(self, rule: R) -> Table[P, R]:
        return Table(self, rule)

    def judge_beside(self, rules: Sequence[Rule[Any]], facts: Any) -> Decision:
        """The decision by rules beside the table: allowed by the first that permits, or refused by all."""
        for rule in rules:
            if rule.permits(facts):
                return self.permission(rule)
        return refuse_by(rules, facts)

    def permission(self, rule: Rule[Any]) -> Decision:
        """The decision in which a rule beside the table permits."""
        return permit(rule)


K = TypeVar("K")


class Beside(dict[K, Decision]):
    """Decisions by the rules beside the table, each made when first asked for; `question` says what a key asks."""

    __slots__ = ("question", "rules")

    def __init__(self, rules: Rules[Any, Any], question: Callable[[K], tuple[Sequence[Rule[Any]], Any]]) -> None:
        super().__init__()
        self.rules = rules
        self.question = question

    def __missing__(self, key: K) -> Decision:
        if len(self) >= MAX_DECISIONS:
            self.clear()
        return self.setdefault(key, self.rules.judge_beside(*self.question(key)))


class Outside(MutableMapping[str, UserClass]):
    """The users of a room whose states are kept elsewhere."""

    __slots__ = ("_others", "_powers", "_states")

    def __init__(self, states: MutableMapping[str, Any], others: Peers[Any]) -> None:
        self._states = states
        self._others = others
        self._powers: dict[str, Peers[Any]] = {}

    def __getitem__(self, user: str) -> UserClass:
        state, peers = self._states.get(user), self._powers.get(user)
        if peers is None:
            if state is None:
                raise KeyError(user)
            peers = self._others
        return peers.unknown if state is None else peers[state]

    def __setitem__(self, user: str, its: UserClass) -> None:
        if its is not its.peers.unknown and self._states.get(user) is not its.state:
            self._states[user] = its.state
        if its.peers is self._others:
            self._powers.pop(user, None)
        else:
            self._powers[user] = its.peers

    def __delitem__(self, user: str) -> None:
        del self._powers[user]

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self._states), **self._powers})

    def __len__(self) -> int:
        return len({**dict.fromkeys(self._states), **self._powers})
