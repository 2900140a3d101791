"""Role definitions as a policy: the states are the role indexes, and the rows are those of the text.

The rows are the same in every room. The conditions that look at role definitions hold
them, so the policy of a role list says what may happen in a room with these roles.
Rows overlap, and the first that permits names the transition. Equal role lists share
one policy, as long as it is among the `KEPT` ones used last.

Spec: draft-ietf-mimi-room-policy, "Membership Capabilities" (8.1)
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, ClassVar

from fsm.errors import DefinitionError, EventError
from fsm.event import mapping
from fsm.policy import Asked, Policy, Transition
from fsm.reach import Reach
from fsm.room_policy import guards as g
from fsm.room_policy.capabilities import write_capability
from fsm.room_policy.codec import decode
from fsm.room_policy.components import (
    BasePolicy,
    Preauthorization,
    read_base_policy,
    read_preauthorizations,
    write_base_policy,
    write_preauthorizations,
)
from fsm.room_policy.facts import Move, RoleFacts, carried, domain_of, states_of
from fsm.room_policy.roles import BANNED, Roles, read_roles, write_roles
from fsm.state import Display, State, Tone

FAMILY = "room-policy"
SOURCE = "draft-ietf-mimi-room-policy"

MOST_OF_A_NAME = 60
"""So many characters of a file's name are in the id of its policy."""

KEPT = 64
"""So many policies are kept to be shared."""


@dataclass(frozen=True, eq=False, repr=False)
class RolePolicy(Policy[RoleFacts]):
    """The policy of a room whose roles are `roles`."""

    has_stock_rows: ClassVar[bool] = True
    supplied: ClassVar[type | None] = RoleFacts

    roles: Roles = field(default=Roles(), kw_only=True)
    preauthorizations: tuple[Preauthorization, ...] = field(default=(), kw_only=True)
    base: BasePolicy | None = field(default=None, kw_only=True)
    """What rooms have from the start, where their creation or state brings no roles of its own."""

    @property
    def reach(self) -> tuple[Reach, ...]:
        """Who may do what to whom, where numbers do not forbid it."""
        from fsm.room_policy.lint.differences import reach_of  # noqa: PLC0415 - it is made of policies

        return self.derived(reach_of)

    def own_rules(self) -> Iterable[object]:
        """What makes a difference to decisions beside the table: bounds, and the rules of `fsm.room_policy.rules`."""
        from fsm.room_policy.rules import tables_of  # noqa: PLC0415 - it is made of policies' guards

        bounds = [[role.index, *_bounds(role.participants), *_bounds(role.active)] for role in self.roles.roles]
        entries, base = self.preauthorizations, self.base
        given = [
            *([write_preauthorizations(entries)] if entries else []),
            *([write_base_policy(base)] if base is not None else []),
        ]
        return [bounds, self.roles.are_valid, self.roles.may_be_added_to, *given, *tables_of(self.roles)]


def _bounds(bounds: Any) -> tuple[int, int | None]:
    return bounds.minimum, bounds.maximum


def policy_of(  # noqa: PLR0913 - each by its name
    roles: object,
    *,
    id: str = FAMILY,  # noqa: A002 - the name of the field that it sets
    title: str = "Room with roles of its own",
    source: str = SOURCE,
    preauthorizations: tuple[Preauthorization, ...] = (),
    base: BasePolicy | None = None,
) -> RolePolicy:
    """The policy of a room with these roles: the content of a `roles_list`, its array of roles, or `Roles`.

    Rooms of it begin with the preauthorizations and the base policy, where they bring no roles of their own.
    Raises `DefinitionError` for what defines no roles.
    """
    if not isinstance(roles, Roles):
        content = roles if isinstance(roles, Mapping) else {"roles": roles}
        try:
            roles = read_roles(content)
        except EventError as problem:
            raise DefinitionError(f"no roles: {problem}") from None
    return _policy_of(roles, id, title, source, preauthorizations, base)


DATA = 'the roles of a room, as `{"roles": [{"role_index": 0, …}, …]}'
"""What `policy_of_data` makes policies of."""


def policy_of_data(value: object, name: str = "") -> RolePolicy | None:
    """The policy of role definitions in a file of this name: a `roles_list`, alone or with other components.

    Bytes are those of a `RoleData`. None for what is no such thing; raises `PolicyError` for one that is faulty.
    """
    if isinstance(value, bytes):
        value = decode("RoleData", value)
    if not isinstance(value, Mapping) or not {"roles", "roles_list"} & value.keys():
        return None
    try:
        roles = read_roles(mapping(value["roles_list"], "roles_list") if "roles_list" in value else value)
        entries, base = value.get("preauth_list"), value.get("base_room_policy")
        preauthorizations = (
            () if entries is None else read_preauthorizations(mapping(entries, "preauth_list"), "preauth_list")
        )
        base_policy = None if base is None else read_base_policy(mapping(base, "base_room_policy"), "base_room_policy")
    except EventError as problem:
        raise DefinitionError(f"no roles: {problem}") from None
    word = "".join(char for char in name if char.isascii() and (char.isalnum() or char in "-_."))[:MOST_OF_A_NAME]
    title = value.get("title")
    return policy_of(
        roles,
        id=word or FAMILY,
        title=title if isinstance(title, str) and title.isprintable() else f"Roles of {word or 'a room'}",
        preauthorizations=preauthorizations,
        base=base_policy,
    )


def data_of(policy: RolePolicy) -> dict[str, Any]:
    """What `policy_of_data` makes the policy of, each capability by its name where it has one."""
    roles = write_roles(policy.roles)["roles"]
    for role in roles:
        role["role_capabilities"] = [write_capability(number) for number in role["role_capabilities"]]
    data: dict[str, Any] = {"title": policy.title, "roles_list": {"roles": roles}}
    if policy.preauthorizations:
        data["preauth_list"] = write_preauthorizations(policy.preauthorizations)
    if policy.base is not None:
        data["base_room_policy"] = write_base_policy(policy.base)
    return data


@lru_cache(maxsize=KEPT)
def _policy_of(  # noqa: PLR0913, PLR0917 - all that a policy hangs on
    roles: Roles,
    policy_id: str,
    title: str,
    source: str,
    preauthorizations: tuple[Preauthorization, ...],
    base: BasePolicy | None,
) -> RolePolicy:
    states = states_of(roles)
    outside, listed = states[0], states[1:]
    banned = [state for state in listed if state.word == BANNED] if roles.have_banned else []
    displays = {
        outside: Display(label=outside.label or "no role", tone=Tone.OUTSIDE),
        **{state: Display(tone=Tone.MEMBER) for state in listed if state not in banned},
        **{state: Display(tone=Tone.BARRED, noun="a ban") for state in banned},
    }
    return RolePolicy(
        policy_id,
        title,
        source,
        domain_of(roles, states),
        tuple(_rows(roles, outside, frozenset(listed))),
        family="fsm.room_policy",
        action_key="action",
        carries=carried(states),
        initial=outside,
        displays=displays,
        precedence=True,
        roles=roles,
        preauthorizations=preauthorizations,
        base=base,
    )


def _rows(roles: Roles, outside: State, listed: frozenset[State]) -> Iterable[Transition[RoleFacts]]:
    """The rows that lead from some state to some state that is defined."""
    at_one = frozenset(state for state in listed if state.word == BANNED)
    another, oneself = g.sender_is_another, g.sender_is_target
    minima = (g.minimum_participants_holds, g.minimum_active_participants_holds)
    maxima = (g.maximum_participants_holds, g.maximum_active_participants_holds)
    base = (g.membership_is_not_fixed, g.max_users_holds, g.max_clients_holds, g.one_client_holds)
    joins, changes, removes = (
        (*maxima, *base),
        (*minima, *maxima, g.max_users_holds),
        (*minima, g.membership_is_not_fixed),
    )
    exists, authorized = g.banned_role_exists(roles), g.changes_lead(g.Leads(roles))
    to_outside, by_outsiders = g.changes_lead(g.Leads(roles, removes=True)), g.changes_lead(g.LeadsIn(roles))
    by_holder = g.changes_lead(g.LeadsIn(roles, "canUseJoinCode"))
    stays = Asked("target", listed)

    def has(capability: str) -> g.RoleGuard:
        return g.holds(roles, capability)

    def takes(capability: str) -> g.RoleGuard:
        return g.clients_may_be_removed(roles, capability)

    # fmt: off
    rows: tuple[tuple[str, Move, Iterable[State], State | Asked, tuple[g.RoleGuard, ...], str], ...] = (
        ("ban_outsider", Move.ADD, {outside}, Asked("wanted", at_one),
         (another, has("canBan"), exists, authorized, g.clients_are_removed), "8.1.3"),
        ("add", Move.ADD, {outside}, Asked("wanted", listed),
         (another, has("canAddParticipant"), authorized, *joins), "8.1.1"),
        ("open_join", Move.ADD, {outside}, Asked("wanted", listed),
         (oneself, g.outsiders_hold(roles, "canOpenJoin"), by_outsiders, *joins), "8.1.1"),
        ("preauthorized_join", Move.ADD, {outside}, Asked("wanted", listed),
         (oneself, g.preauthorized_for_role, g.wanted_holds(roles, "canJoinIfPreauthorized"), *joins), "8.1.1"),
        ("code_join", Move.ADD, {outside}, Asked("wanted", listed),
         (oneself, g.either_holds(roles, "canUseJoinCode"), g.join_code_is_valid, by_holder, *joins), "8.1.1"),

        ("remove", Move.REMOVE, listed, outside, (another, has("canRemoveParticipant"), to_outside, *removes), "8.1.2"),
        ("leave", Move.REMOVE, listed, outside, (oneself, has("canRemoveSelf"), to_outside, *removes), "8.1.2"),

        ("ban", Move.CHANGE_ROLE, listed, Asked("wanted", at_one),
         (another, has("canBan"), exists, authorized, g.clients_are_removed, *minima), "8.1.3"),
        ("unban", Move.CHANGE_ROLE, at_one, Asked("wanted", listed - at_one),
         (another, has("canUnBan"), exists, authorized, *changes, takes("canKick")), "8.1.3"),
        ("change_role", Move.CHANGE_ROLE, listed, Asked("wanted", listed),
         (another, has("canChangeUserRole"), authorized, *changes, takes("canKick")), "8.1.3"),
        ("change_own_role", Move.CHANGE_ROLE, listed, Asked("wanted", listed),
         (oneself, has("canChangeOwnRole"), g.preauthorized_for_role, *changes, takes("canRemoveOwnClient")), "8.1.3"),

        ("add_own_client", Move.ADD_CLIENTS, listed, stays,
         (oneself, has("canAddOwnClient"), g.maximum_active_participants_holds, g.max_clients_holds,
          g.one_client_holds), "8.1.1"),
        ("kick", Move.REMOVE_CLIENTS, listed, stays,
         (another, has("canKick"), g.clients_are_in_group, g.minimum_active_participants_holds), "8.1.2"),
        ("remove_own_client", Move.REMOVE_CLIENTS, listed, stays,
         (oneself, has("canRemoveOwnClient"), g.clients_are_in_group, g.minimum_active_participants_holds), "8.1.2"),
    )
    # fmt: on
    for row_id, move, source, dest, guards, clause in rows:
        if source and (not isinstance(dest, Asked) or dest.among):
            yield Transition(row_id, move, frozenset(source), dest, guards, clause)


def _example(key: str, word: str) -> RolePolicy:
    """An example of the text's appendix."""
    example = EXAMPLES[key]
    return policy_of(
        example["roles_list"],
        id=f"{FAMILY}-{word}",
        title=example["title"],
        source=f"{SOURCE}, {example['section']}",
    )


EXAMPLES: Mapping[str, Any] = json.loads(files(__package__).joinpath("examples.json").read_text(encoding="utf-8"))
"""The role sets of the text's appendix, by a word of their titles."""

COOPERATIVE = _example("cooperative", "cooperative")
STRICT = _example("strict", "strict")
MODERATED = _example("moderated", "moderated")
ORGANIZATIONS = _example("multi_organization", "organizations")
