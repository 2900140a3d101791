"""Laws of what holders of one role may do to holders of another, and of two steps one after the other."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from fsm.policy_law import Fault
from fsm.room_policy.lint import edits as to
from fsm.room_policy.lint.logs import NEWCOMER, Cast, Log, all_allowed, ban, event, moved
from fsm.room_policy.lint.powers import Powers
from fsm.room_policy.policies import RolePolicy
from fsm.room_policy.roles import BANNED, OUTSIDE

WRITERS = ("canChangePreauthorizedUserList", "canChangeRoleDefinitions")
"""The capabilities with which one can give oneself all others."""


def the_last_holder_is_not_locked_in(policy: RolePolicy) -> Iterator[Fault]:
    """Whoever can be banned, removed, demoted or kicked at all, or may leave, can when alone in the role (3)."""
    powers = policy.derived(Powers)
    for index in powers.seated:
        role = powers.by_index[index]
        few = {"minimum_participants_holds": False} if role.participants.minimum else {}
        few_active = {"minimum_active_participants_holds": False} if role.active.minimum else {}
        alone = {**few, **(few_active if powers.is_active(index) else {})}
        if not alone:
            continue
        barred = []
        for way, by, dest in _ways_out(powers, index):
            kept = few_active if way in ("kick", "remove_own_client") else alone
            is_self = way in ("leave", "remove_own_client")
            if not powers.asked(way, sender=by, acting=by, target=index, wanted=dest, is_self=is_self, **kept):
                barred.append((way, by, dest, is_self))
        if barred:
            way, by, dest, is_self = barred[0]
            cast = Cast(powers, (index,) if is_self else (by, index))
            told = dict.fromkeys(f"`{row}`" if own else f"`{row}` by {powers.name(who)}" for row, who, _, own in barred)
            yield Fault(
                (index,),
                f"the only {powers.name(index)} is kept by its minimum from {_listed(tuple(told))}",
                (cast.create(), _way_out(way, cast[0], cast[0 if is_self else 1], dest)),
                (to.without_minimum(role),),
            )


def _ways_out(powers: Powers, index: int) -> Iterator[tuple[str, int, int]]:
    """How holders of a role come out of it, or lose their clients: the row, who does it, and where it leads."""
    others = [by for by in powers.seated if by != index]
    for by in others:
        if powers.may("ban", by, index, BANNED):
            yield "ban", by, BANNED
    for by in others:
        if powers.may("remove", by, index):
            yield "remove", by, OUTSIDE
        yield from (("change_role", by, dest) for dest in powers.demotions(by, index) if powers.is_lower(dest, index))
    if powers.may_self("leave", index):
        yield "leave", index, OUTSIDE
    if powers.is_active(index):
        yield from (("kick", by, OUTSIDE) for by in others if powers.may("kick", by, index))
        if powers.may_self("remove_own_client", index):
            yield "remove_own_client", index, OUTSIDE


def _way_out(way: str, sender: str, target: str, dest: int) -> dict[str, object]:
    if way == "ban":
        return ban(sender, target)
    if way == "change_role":
        return event(sender, target, "change_role", role_index=dest)
    return event(sender, target, "remove" if way in ("remove", "leave") else "remove_clients")


def kicks_know_rank(policy: RolePolicy) -> Iterator[Fault]:
    """Who may kick somebody may remove, ban or demote them: `canKick` asks for no authorized change (8.1.2)."""
    powers = policy.derived(Powers)
    for by in powers.seated:
        out_of_reach = [
            index
            for index in powers.seated
            if powers.is_active(index) and powers.may("kick", by, index) and not powers.may_put_out(by, index)
        ]
        if out_of_reach:
            cast = Cast(powers, (by, out_of_reach[0]))
            role = powers.by_index[by]
            reached = tuple(change for index in out_of_reach for change in to.lead(role, (index, BANNED)))
            yield Fault(
                (by,),
                f"{powers.name(by)} kicks {powers.names(out_of_reach)}, and may neither remove, ban nor demote them",
                (cast.create(), event(cast[0], cast[1], "remove_clients")),
                (to.without(role, "canKick"), (*to.with_(role, "canBan"), *reached)),
            )


def the_banned_stay_out(policy: RolePolicy) -> Iterator[Fault]:
    """Who may take the banned off the list may unban them, or nobody gets in unasked."""
    powers = policy.derived(Powers)
    for by in powers.seated:
        if not powers.may("remove", by, BANNED) or any(powers.may("unban", by, BANNED, to_) for to_ in powers.seated):
            continue
        for row, dest, helper in _ways_back(powers):
            log = all_allowed(powers, partial(_back, powers, by, (row, dest, helper)), BANNED)
            if log is None:
                continue
            role = powers.by_index[by]
            ways = (
                to.cut(role, (BANNED, OUTSIDE)),
                *((*to.with_(role, "canUnBan"), *to.lead(role, (BANNED, dest))) for dest in powers.seated),
            )
            how = f"by `{row}`" if helper is None else f"by `{row}`, which {powers.name(helper)} may"
            subject = f"{powers.name(by)}, who may not unban, takes the banned off the list; they are back {how}"
            yield Fault((by,), subject, log, ways)
            break
    if policy.roles.have_banned:
        yield from islice(_unban_themselves(powers), 1)


def _unban_themselves(powers: Powers) -> Iterator[Fault]:
    """How the banned come back whom nobody else has taken off the list."""
    role = powers.by_index[BANNED]
    if powers.may_self("leave", BANNED):
        for way in _ways_back(powers):
            log = all_allowed(powers, partial(_back, powers, BANNED, way), BANNED)
            if log is not None:
                ways = to.without(role, "canRemoveSelf"), to.cut(role, (BANNED, OUTSIDE))
                yield Fault((BANNED, "leave"), f"the banned leave the list; they are back by `{way[0]}`", log, ways)
    for dest in powers.entries if powers.policy.preauthorizations else powers.seated:
        if powers.may_self("change_own_role", BANNED, dest, preauthorized_for_role=True):
            cast = Cast(powers, (BANNED,))
            back = event(cast[0], cast[0], "change_role", role_index=dest, **cast.credential(dest))
            subject = f"the banned make themselves {powers.name(dest)}, if they are preauthorized"
            log = cast.create(preauthorized=dest), back
            yield Fault((BANNED, "own"), subject, log, (to.without(role, "canChangeOwnRole"),))


def _back(powers: Powers, by: int, way: tuple[str, int, int | None], more: tuple[int, ...]) -> Log:
    """Somebody takes the banned off the list, who come back in a way that needs a helper, or none."""
    row, dest, helper = way
    is_own = by == BANNED
    cast = Cast(powers, (*([] if is_own else [by]), BANNED, *([] if helper in (None, by) else [helper]), *more))
    user = cast[0 if is_own else 1]
    sender = user if helper is None else cast[0 if helper == by else 1 if is_own else 2]
    start = cast.create(
        code=dest if row == "code_join" else None, preauthorized=dest if row == "preauthorized_join" else None
    )
    back = moved(row, sender, user, dest)
    if row == "preauthorized_join":
        back["content"] |= cast.credential(dest)
    return start, event(cast[0], user, "remove"), back


def _ways_back(powers: Powers) -> Iterator[tuple[str, int, int | None]]:
    """How somebody comes in whom nobody has unbanned: the row, the role, and by whom, if not by themselves."""
    yield from ((row, dest, None) for row, dest in powers.ways_in())
    for helper in powers.seated:
        for row, source, dest in powers.seats(helper):
            if row == "add" and source == OUTSIDE and not powers.may("unban", helper, BANNED, dest):
                yield row, dest, helper
    yield from (("preauthorized_join", dest, None) for dest in powers.may_enter_preauthorized)


def who_writes_the_rules_lacks_nothing(policy: RolePolicy) -> Iterator[Fault]:
    """Who writes preauthorizations or role definitions may whatever a role may (4, 8.6)."""
    powers = policy.derived(Powers)
    for by in powers.seated:
        held = [name for name in WRITERS if powers.has(by, name)]
        if not held:
            continue
        lacking = {other: powers.lacks(by, other) for other in powers.seated if powers.lacks(by, other)}
        if lacking:
            role, other = powers.by_index[by], max(lacking, key=lambda index: len(lacking[index]))
            missing = tuple(dict.fromkeys(name for names in lacking.values() for name in names))
            cast = Cast(powers, (by,))
            subject = (
                f"{powers.name(by)} has {' and '.join(held)}, and lacks what {powers.name(other)} has: "
                f"{_listed(lacking[other])}"
            )
            log = cast.create(), _written(cast, held[0], other)
            yield Fault((by,), subject, log, (to.without(role, *held), to.with_(role, *missing)))


def _written(cast: Cast, capability: str, other: int, sender: str | None = None) -> dict[str, object]:
    """The event by which somebody, else the first of a room, gives all the powers of a role away."""
    sender = sender or cast[0]
    if capability == "canChangePreauthorizedUserList":
        entry = {"claimset": [], "target_role": other}
        content: dict[str, object] = {"preauthorized_entries": [entry]}
        return {"type": "preauth_list", "sender": sender, "state_key": "", "content": content}
    roles = cast.create()["content"]["roles_list"]
    return {"type": "roles_list", "sender": sender, "state_key": "", "content": roles}


def demotion_and_removal_hold(policy: RolePolicy) -> Iterator[Fault]:
    """Who was demoted or removed does not come back by themselves, as they are preauthorized (8.1.3, 4)."""
    powers = policy.derived(Powers)
    for index in powers.entries if policy.preauthorizations else powers.seated:
        yield from islice(_demoted(powers, index), 1)
        if index in powers.may_enter_preauthorized:
            yield from islice(_removed(powers, index), 1)


def _demoted(powers: Powers, index: int) -> Iterator[Fault]:
    """Whose demotion from a role does not last."""

    def log(more: tuple[int, ...]) -> Log:
        cast = Cast(powers, (by, index, *more))
        down = event(cast[0], cast[1], "change_role", role_index=dest)
        again = event(cast[1], cast[1], "change_role", role_index=index, **cast.credential(index))
        return cast.create(preauthorized=index), down, again

    for by in powers.seated:
        for dest in powers.demotions(by, index):
            if powers.is_lower(dest, index) and powers.may_self(
                "change_own_role", dest, index, preauthorized_for_role=True
            ):
                shown = all_allowed(powers, log, index, dest)
                if shown:
                    subject = f"{powers.name(by)} demotes {powers.name(index)} to {powers.name(dest)}; they are back"
                    ways = to.without(powers.by_index[dest], "canChangeOwnRole"), _no_own_changes(powers)
                    yield Fault((index, "demoted"), subject, shown, ways)


def _removed(powers: Powers, index: int) -> Iterator[Fault]:
    """Whose removal from a role does not last."""

    def log(more: tuple[int, ...]) -> Log:
        cast = Cast(powers, (by, index, *more))
        again = event(cast[1], cast[1], "add", role_index=index, **cast.credential(index))
        return cast.create(preauthorized=index), event(cast[0], cast[1], "remove"), again

    others = [other for other in powers.seated if other != index]
    removers = tuple(edit for other in others for edit in to.cut(powers.by_index[other], (index, OUTSIDE)))
    for by in others:
        if powers.may("remove", by, index):
            shown = all_allowed(powers, log, index)
            if shown:
                subject = f"{powers.name(by)} removes {powers.name(index)}; they are back by preauthorization"
                ways = to.without(powers.by_index[index], "canJoinIfPreauthorized"), removers
                yield Fault((index, "removed"), subject, shown, ways)


def _no_own_changes(powers: Powers) -> to.Edits:
    return tuple(edit for role in powers.roles.roles for edit in to.without(role, "canChangeOwnRole"))


def everybody_gets_a_client(policy: RolePolicy) -> Iterator[Fault]:
    """Who is in the list can get a client into the group (8.1.1)."""
    powers = policy.derived(Powers)
    for index in powers.seated:
        if powers.is_active(index) and not powers.may_self("add_own_client", index, index):
            cast = Cast(powers, (index,))
            log = cast.create(clients=False), event(cast[0], cast[0], "add_clients", clients=["new"])
            subject = f"{powers.name(index)} without a client gets none while they are that"
            yield Fault((index,), subject, log, (to.with_(powers.by_index[index], "canAddOwnClient"),))


def nobody_is_put_above(policy: RolePolicy) -> Iterator[Fault]:
    """Nobody puts another, or their own second account, into a role with more than they have."""
    powers = policy.derived(Powers)
    for by in powers.seated:
        seen = set[int]()
        for row, source, dest in powers.seats(by):
            more = powers.lacks(by, dest)
            if not more or dest in seen:
                continue
            seen.add(dest)
            cast = Cast(powers, (by, *((source,) if source != OUTSIDE else ())))
            target = NEWCOMER if source == OUTSIDE else cast[1]
            role = powers.by_index[by]
            sources = [*role.changes]
            ways = to.cut(role, *((each, dest) for each in sources)), to.with_(role, *more)
            subject = f"{powers.name(by)} puts others into {powers.name(dest)}, which has more: {_listed(more)}"
            yield Fault((by, dest), subject, (cast.create(), moved(row, cast[0], target, dest)), ways)
        for row, dest in powers.ways_in():
            more = powers.lacks(by, dest)
            if not powers.of(by) < powers.of(dest) or dest in seen:
                continue
            seen.add(dest)
            cast = Cast(powers, (by,))
            second = f"{cast[0]}-second-account"
            log = cast.create(code=dest if row == "code_join" else None), moved(row, second, second, dest)
            subject = f"a second account of {powers.name(by)} comes in as {powers.name(dest)}: {_listed(more)} more"
            ways = _closed(powers, row, dest), to.with_(powers.by_index[by], *more)
            yield Fault((by, dest, "second"), subject, log, ways)
    yield from _anybody_acts(powers)


def _closed(powers: Powers, row: str, dest: int) -> to.Edits:
    """How a role is no longer open to any outsider."""
    if row == "preauthorized_join":
        return to.without(powers.by_index[dest], "canJoinIfPreauthorized")
    outsiders = powers.by_index.get(OUTSIDE)
    return () if outsiders is None else to.cut(outsiders, (OUTSIDE, dest))


def _anybody_acts(powers: Powers) -> Iterator[Fault]:
    """Outsiders who can prove nothing act in a role with more than others have (4)."""
    entry = powers.entry_of_anybody
    if entry is None or entry.role not in powers.seated:
        return
    logs = (all_allowed(powers, partial(_by_anybody, powers, entry.role, last), entry.role)
            for last in _from_outside(powers, entry.role))  # fmt: skip
    log = next(filter(None, logs), None)
    if log is None or not any(powers.of(by) < powers.of(entry.role) for by in powers.seated):
        return
    place = powers.policy.preauthorizations.index(entry)
    subject = f"preauthorized_entries[{place}] asks for no claim: anybody may act as {powers.name(entry.role)}"
    yield Fault(("anybody", entry.role), subject, log, (to.without_entry(entry, place),))


def _by_anybody(powers: Powers, index: int, last: Callable[[Cast], dict[str, object]], more: tuple[int, ...]) -> Log:
    """A room with a holder of a role, and what an outsider does there."""
    cast = Cast(powers, (index, *more))
    return cast.create(), last(cast)


def _from_outside(powers: Powers, index: int) -> Iterator[Callable[[Cast], dict[str, object]]]:
    """What outsiders who act in a role may do to its only holder, or to the room."""
    acts = {"sender": OUTSIDE, "acting": index, "target": index, "is_self": False}
    if powers.asked("ban", wanted=BANNED, **acts):
        yield lambda cast: ban(NEWCOMER, cast[0])
    if powers.asked("remove", wanted=OUTSIDE, **acts):
        yield lambda cast: event(NEWCOMER, cast[0], "remove")
    if powers.is_active(index) and powers.asked("kick", wanted=OUTSIDE, **acts):
        yield lambda cast: event(NEWCOMER, cast[0], "remove_clients")
    if powers.has(index, "canDestroyRoom"):
        yield lambda _: {"type": "destroy_room", "sender": NEWCOMER, "state_key": "", "content": {}}
    for capability in WRITERS:
        if powers.has(index, capability):
            yield partial(_written, capability=capability, other=index, sender=NEWCOMER)
    for dest in powers.inside:
        if powers.asked("add", wanted=dest, **{**acts, "target": OUTSIDE}):
            yield lambda _, dest=dest: event(NEWCOMER, "another", "add", role_index=dest)  # type: ignore[misc]


def equals_do_not_ban_each_other(policy: RolePolicy) -> Iterator[Fault]:
    """A single holder of a role cannot ban all its others."""
    powers = policy.derived(Powers)
    for index in powers.seated:
        if powers.may("ban", index, index, BANNED):
            cast = Cast(powers, (index, index))
            subject = f"any {powers.name(index)} can ban all others"
            way = to.cut(powers.by_index[index], (index, BANNED))
            yield Fault((index,), subject, (cast.create(), ban(cast[0], cast[1])), (way,))


def everybody_can_step_down(policy: RolePolicy) -> Iterator[Fault]:
    """Every role but the lowest can be given up for a lower one (8.1.3)."""
    powers = policy.derived(Powers)
    stuck = [
        index
        for index in powers.seated[1:]
        if not any(
            dest < index and powers.may_self("change_own_role", index, dest, preauthorized_for_role=True)
            for dest in powers.entries
        )
    ]
    if stuck:
        cast = Cast(powers, (stuck[0],))
        lower = powers.seated[0]
        yield Fault(
            (),
            f"{powers.names(stuck)} cannot step down",
            (cast.create(), event(cast[0], cast[0], "change_role", role_index=lower)),
            cannot="`canChangeOwnRole` knows preauthorizations only: issue 10 of the draft",
        )


def bans_take_their_capability(policy: RolePolicy) -> Iterator[Fault]:
    """Who bans has `canBan`, and who unbans `canUnBan` (8.1.3)."""
    powers = policy.derived(Powers)
    if not policy.roles.have_banned:
        return
    for by in powers.seated:
        role = powers.by_index[by]
        if not powers.has(by, "canBan"):
            sources = [index for index in powers.seated if powers.may("change_role", by, index, BANNED)]
            adds = powers.may("add", by, OUTSIDE, BANNED)
            if sources or adds:
                cast = Cast(powers, (by, *sources[:1]))
                last = ban(cast[0], cast[1]) if sources else event(cast[0], NEWCOMER, "add", role_index=BANNED)
                cuts = to.cut(role, *((source, BANNED) for source in [*role.changes]))
                yield Fault((by, "ban"), f"{powers.name(by)} bans without canBan", (cast.create(), last),
                            (cuts, to.with_(role, "canBan")))  # fmt: skip
        dests = [dest for dest in powers.seated if powers.may("change_role", by, BANNED, dest)]
        if dests and not powers.has(by, "canUnBan"):
            cast = Cast(powers, (by, BANNED))
            last = event(cast[0], cast[1], "change_role", role_index=dests[0])
            cuts = to.cut(role, *((BANNED, dest) for dest in dests))
            yield Fault((by, "unban"), f"{powers.name(by)} unbans without canUnBan", (cast.create(), last),
                        (cuts, to.with_(role, "canUnBan")))  # fmt: skip


def reach_has_no_gap(policy: RolePolicy) -> Iterator[Fault]:
    """Who may ban or remove all roles but one may do so to that one, where it has less than one of the others."""
    powers = policy.derived(Powers)
    for by in powers.seated:
        others = [index for index in powers.seated if index != by]
        for row, dest in (("ban", BANNED), ("remove", OUTSIDE)):
            reached = [index for index in others if powers.may(row, by, index, dest)]
            missed = [index for index in others if index not in reached]
            if len(missed) != 1 or not any(powers.of(missed[0]) < powers.of(index) for index in reached):
                continue
            cast = Cast(powers, (by, missed[0]))
            last = ban(cast[0], cast[1]) if row == "ban" else event(cast[0], cast[1], "remove")
            subject = f"{powers.name(by)} may {row} everybody but {powers.name(missed[0])}"
            yield Fault((by, row), subject, (cast.create(), last), (to.lead(powers.by_index[by], (missed[0], dest)),))


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown} and {len(names) - 6} more"  # noqa: PLR2004 - as many as fit
