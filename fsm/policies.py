"""The catalogue: policy id to where it is defined, loaded when asked for.

This is the only place through which the tools reach a family of policies.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module, util
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from fsm.errors import DefinitionError, shorten
from fsm.loading import ENDINGS, load_module, running
from fsm.policy import AnyPolicy, Policy

if TYPE_CHECKING:
    from fsm.family import AnyRoom, Codec
    from fsm.family import Family as Described
    from fsm.policy_law import Repairs
    from fsm.scenario import Scenario
    from fsm.shapes import Shapes
    from fsm.syntax import Syntax

CATALOGUE: Mapping[str, str] = {
    "mimi": "fsm.mimi.policies:MIMI",
    "mimi-00": "fsm.mimi.revisions:MIMI_00",
    "mimi-01": "fsm.mimi.revisions:MIMI_01",
    **{f"matrix-{version}": f"fsm.matrix.policies:MATRIX_{version}" for version in range(1, 13)},
    **{
        f"room-policy-{example}": f"fsm.room_policy.policies:{example.upper()}"
        for example in ("cooperative", "strict", "moderated", "organizations")
    },
}


@dataclass(frozen=True, slots=True)
class Family:
    """A name that stands for several policies: each room takes the one that its creation tells.

    `family` is the import name of the package, as in a policy.
    """

    id: str
    family: str


FAMILIES: Mapping[str, Family] = {
    "matrix": Family("matrix", "fsm.matrix"),
    "room-policy": Family("room-policy", "fsm.room_policy"),
}

Rules: TypeAlias = AnyPolicy | Family
"""What rooms can be run by."""

_NO_OTHERS: Mapping[str, Rules] = MappingProxyType({})


def known_policy(name: str, others: str = "") -> AnyPolicy:
    """The policy of the catalogue that has this id. Raises `DefinitionError`, which ends in a word on `others`."""
    if name in FAMILIES:
        raise DefinitionError(f"`{name}` stands for several policies: choose one of them, such as `{name}-1`")
    if name not in CATALOGUE:
        raise DefinitionError(f"unknown policy `{shorten(name)}`: choose from {', '.join(CATALOGUE)}{others}")
    where, _, attribute = CATALOGUE[name].rpartition(":")
    policy: AnyPolicy = getattr(import_module(where), attribute)
    return policy


def load_policy(name: str) -> AnyPolicy:
    """The policy of this id, or a user's own, named `module:NAME` or `path.py:NAME`, or made of `path.json`.

    A data file goes to the families of the catalogue, which make a policy of it (see
    `fsm.data_files`). To load a policy of a user's own is to run its file. So this is for names that a
    person has typed; for those that stand in data there is `known_rules`. Raises
    `DefinitionError` when there is no such policy, or when its definition fails.
    """
    if name.endswith(ENDINGS):
        from fsm.data_files import policy_in  # noqa: PLC0415 - most policies come from no file

        return policy_in(name, _modules())
    where, _, attribute = name.rpartition(":")
    if not where:
        return known_policy(name, ", or name your own as `module:NAME` or `path.py:NAME`, or a data file `path.json`")
    with running(f"policy `{shorten(name)}` cannot be loaded", DefinitionError):
        policy = getattr(load_module(where), attribute)
        if not isinstance(policy, Policy):
            raise DefinitionError(f"`{shorten(name)}` is not a policy but {type(policy).__name__}")
    return policy


def load_policies(names: Sequence[str]) -> list[AnyPolicy]:
    """The policies of several names, to stand beside each other. Raises like `load_policy`.

    Where different policies of data files would be called the same, each is called by the file's folder as well.
    """
    loaded = {name: load_policy(name) for name in names}
    ids = Counter(rules.id for rules in {id(rules): rules for rules in loaded.values()}.values())
    alike = [name for name, rules in loaded.items() if name.endswith(ENDINGS) and ids[rules.id] > 1]
    if alike:
        from fsm.data_files import names_apart, policy_in  # noqa: PLC0415 - as above

        loaded |= {file: policy_in(file, _modules(), name) for file, name in names_apart(alike).items()}
    return [loaded[name] for name in names]


def _modules() -> Iterator[ModuleType]:
    """The modules in which the families of the catalogue hold their policies."""
    families = (f"{family.family}.policies" for family in FAMILIES.values())
    return map(import_module, dict.fromkeys((*(where.rpartition(":")[0] for where in CATALOGUE.values()), *families)))


def load_rules(name: str) -> Rules:
    """What rooms are to be run by: a policy, or a name that stands for several. Raises like `load_policy`."""
    return FAMILIES.get(name) or load_policy(name)


def load_several(names: Sequence[str]) -> list[Rules]:
    """What rooms are to be run by, several beside each other (`load_policies`). Raises like `load_policy`."""
    policies = iter(load_policies([name for name in names if name not in FAMILIES]))
    return [FAMILIES.get(name) or next(policies) for name in names]


def known_rules(name: str, allowed: Mapping[str, Rules] = _NO_OTHERS) -> Rules:
    """What data says that rooms are to be run by: one of the catalogue, or of those that are allowed.

    Nothing is loaded because data names it, but what the catalogue holds. Raises `DefinitionError`.
    """
    if name in allowed:
        return allowed[name]
    return FAMILIES.get(name) or known_policy(name, "; any other must have been allowed")


ENTRY_POINTS = "fsm.families"
"""The group of entry points by which other packages make their families known, each by its id."""


def family_of(rules: Rules) -> "Described | None":
    """The family that a policy names; None where there is none of this name.

    Raises `DefinitionError` for one that cannot be loaded, or does not fit.
    """
    if isinstance(rules, Family):
        return _package(rules.family)
    known: Described | None = rules.derived(_load_family)
    return known


def _load_family(policy: AnyPolicy) -> "Described | None":
    name = policy.family
    where, _, attribute = name.rpartition(":")
    if not where and "." in name:
        return _package(name)
    with running(f"policy `{shorten(policy.id)}`: its family `{shorten(name)}` cannot be loaded", DefinitionError):
        if where:
            family = getattr(load_module(where), attribute)
        else:
            from importlib.metadata import entry_points  # noqa: PLC0415 - takes long to load, and few need it

            found = [*entry_points(group=ENTRY_POINTS, name=name)]
            if not found:
                return None
            family = found[0].load()
        if not _is_family(family):
            raise DefinitionError(f"policy `{policy.id}`: `{shorten(name)}` is no family but {type(family).__name__}")
    supplied = family.policies[0].domain.values
    looked_at = frozenset[str]().union(*map(policy.reads, policy.triggers))
    own = [name for name in policy.domain.values if name in looked_at and name not in supplied]
    if own:
        facts = " and ".join(f"`{name}`" for name in own)
        raise DefinitionError(
            f"policy `{policy.id}` looks at {facts}, which no room of its family `{family.id}` works out"
        )
    return family


@cache
def _package(name: str) -> "Described | None":
    """The family of a package: the value `FAMILY` of its module `family`."""
    try:
        spec = util.find_spec(f"{name}.family")
    except ModuleNotFoundError:  # the package itself
        return None
    if spec is None:
        return None
    with running(f"the family `{shorten(name)}` cannot be loaded", DefinitionError):
        family = import_module(spec.name).FAMILY
        if not _is_family(family):
            raise DefinitionError(f"`{shorten(name)}` is no family but {type(family).__name__}")
    return family


def _is_family(value: object) -> "TypeGuard[Described]":
    from fsm.family import Family as Described  # noqa: PLC0415 - whoever has made a family has loaded it

    return isinstance(value, Described)


def _lost(rules: Rules) -> DefinitionError:
    return DefinitionError(f"policy `{shorten(rules.id)}`: there is no family `{shorten(rules.family)}`")


def laws_of(policy: AnyPolicy) -> tuple[Any, ...]:
    """The laws of the policy's family, of cases and of rooms."""
    family = family_of(policy)
    return () if family is None else family.laws_of(policy)


def words_of(policy: AnyPolicy) -> Mapping[str, str]:
    """By word of the protocol: what people call it, where the policy's family says so."""
    family = family_of(policy)
    return {} if family is None else family.words_of(policy)


def repairs_of(policy: AnyPolicy) -> "Repairs | None":
    """What the policy's family mends its policies with, if it can."""
    family = family_of(policy)
    return None if family is None or family.repairs is None else family.repairs()


def syntax_of(policy: AnyPolicy) -> "Syntax":
    """How changes under a policy are written and read. Raises `DefinitionError` where its family is not known."""
    family = family_of(policy)
    if family is None:
        raise _lost(policy)
    return family.syntax_of(policy)


def scenario_of(policy: AnyPolicy) -> "Scenario | None":
    """Small rooms to try a policy in; None where its family offers none.

    So it is where a policy looks at facts of its own, which rooms do not work out.
    """
    family = None if policy.unsupplied else family_of(policy)
    return None if family is None else family.scenario_of(policy)


def action_of(policy: AnyPolicy, event: Mapping[str, Any]) -> Any:
    """The action that a change asks for, as its event names it."""
    return syntax_of(policy).action_of(event)


def target_of(policy: AnyPolicy, event: Mapping[str, Any]) -> Any:
    """The user whom an event is about; None where it names none."""
    return syntax_of(policy).target_of(event)


def place_of(policy: AnyPolicy, event: Mapping[str, Any]) -> tuple[str, str] | None:
    """The place in the state that an event takes: its type, and its state key or, of a change, its target.

    None for an event that is not of the state.
    """
    is_change = event["type"] in syntax_of(policy).changes
    key = target_of(policy, event) if is_change else event.get("state_key")
    return None if key is None else (event["type"], key)


def new_room(rules: Rules, room_id: str | None = None) -> "AnyRoom":
    """A room of the family that nobody has created yet."""
    room: AnyRoom = _room_type(rules)(room_id, policy=policy_of(rules))
    return room


def room_from_state(rules: Rules, state: list[object]) -> "AnyRoom":
    """A room of the family in the given state. Raises `EventError`."""
    room: AnyRoom = _room_type(rules).from_state(state, policy=policy_of(rules))
    return room


def room_of(rules: Rules, event: Mapping[str, Any]) -> str | None:
    """The id of the room that an event is of, as far as it tells, malformed as it may be."""
    return room_of_by(rules)(event)


def room_of_by(rules: Rules) -> Callable[[Mapping[str, Any]], str | None]:
    """What tells this of many events."""
    told: Callable[[Mapping[str, Any]], str | None] = _room_type(rules).room_of
    return told


def codec_of(rules: Rules) -> "Codec":
    """The wire format of the family. Raises `DefinitionError` when it has none."""
    family = family_of(rules)
    codec = None if family is None else family.codec_of(policy_of(rules))
    if codec is None:
        raise DefinitionError(f"policy `{rules.id}` has no wire format")
    return codec


def shapes_of(rules: Rules) -> "Shapes":
    """What logs of rooms under these rules look like. A family that is not known has lines and arrays of events."""
    from fsm.shapes import Shapes  # noqa: PLC0415 - only who reads logs needs it

    family = family_of(rules)
    return Shapes(title=rules.family) if family is None else family.syntax_of(policies_of(rules)[0]).logs


def other_shapes(rules: Rules) -> "Mapping[str, Shapes]":
    """What logs of other families in the catalogue look like, each under a name by which rooms of it can be run."""
    return _other_shapes(rules.family)


@cache
def _other_shapes(than: str) -> "Mapping[str, Shapes]":
    names = {where.rpartition(".")[0]: name for name, where in reversed([*CATALOGUE.items()])}
    names |= {family.family: family.id for family in FAMILIES.values()}
    names.pop(than, None)
    return {name: import_module(f"{family}.shapes").SHAPES for family, name in names.items()}


def policies_of(rules: Rules) -> tuple[AnyPolicy, ...]:
    """The policies of the catalogue that rooms under these rules may have."""
    if isinstance(rules, Policy):
        return (rules,)
    names = [name for name, where in CATALOGUE.items() if where.startswith(f"{rules.family}.policies:")]
    return tuple(map(load_policy, names))


def policy_of(rules: Rules) -> AnyPolicy | None:
    """The policy that these rules are; None where each room has its own."""
    return None if isinstance(rules, Family) else rules


def _room_type(rules: Rules) -> Any:
    """What rooms of the family are. Raises `DefinitionError` when there are none."""
    family = family_of(rules)
    if family is None:
        raise _lost(rules)
    return family.room
