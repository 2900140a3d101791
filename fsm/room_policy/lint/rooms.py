"""Laws of whole small rooms: how they can begin, and what they can come to.

Theory of operation. A room is told by how many users are in each role: up to four, of
whom everybody has clients where the role may have any; and there is always a newcomer.
Rooms begin with a creator alone. Every move that a row permits, with all bounds compared,
leads to another room; rooms are found nearest first.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property

from fsm.policy_law import Fault
from fsm.room_policy.capabilities import GRANTING
from fsm.room_policy.facts import Clients
from fsm.room_policy.lint import edits as to
from fsm.room_policy.lint.logs import NEWCOMER, Cast, ban, event
from fsm.room_policy.lint.pairs import WRITERS
from fsm.room_policy.lint.powers import Powers
from fsm.room_policy.policies import RolePolicy
from fsm.room_policy.roles import BANNED, OUTSIDE

SEARCHED = 14
"""Of so many roles, with 0 and 1, whole rooms are searched; of more, only pairs of roles are looked at."""

MOST_USERS = 4
"""So many users are in a room at most, and one fewer where there are more than `FEW` roles."""

FEW = 7

Room = tuple[int, ...]
"""The roles of those who are in the list, in order."""

Step = tuple[str, int, int, int]
"""A row, who acts, the role that the target leaves, and the one that it comes to."""


class Rooms:
    """The rooms that some can come to."""

    def __init__(self, powers: Powers, creators: Iterable[int]) -> None:
        self.powers = powers
        self._most = MOST_USERS - (len(powers.inside) > FEW)
        self.steps: dict[Room, list[tuple[Step, Room]]] = {}
        waiting: deque[Room] = deque((index,) for index in creators)
        while waiting:
            room = waiting.popleft()
            if room in self.steps:
                continue
            self.steps[room] = [*self._steps(room)]
            waiting.extend(after for _, after in self.steps[room] if after not in self.steps)

    def reached(self, room: Room) -> list[Room]:
        """The rooms that this one can come to, and itself, the nearest first."""
        found, waiting = {room: None}, deque([room])
        while waiting:
            for _, after in self.steps[waiting.popleft()]:
                if after not in found:
                    found[after] = None
                    waiting.append(after)
        return [*found]

    def _steps(self, room: Room) -> Iterator[tuple[Step, Room]]:
        for row, by, source, dest, is_self in self._moves(room):
            if len(room) >= self._most and source == OUTSIDE:
                continue
            if not self._permits(room, (row, by, source, dest), is_self=is_self):
                continue
            left = list(room)
            if source != OUTSIDE:
                left.remove(source)
            yield (row, by, source, dest), tuple(sorted([*left, dest] if dest != OUTSIDE else left))

    def _moves(self, room: Room) -> Iterator[tuple[str, int, int, int, bool]]:
        """What the roles let somebody do, whatever the numbers."""
        for by in dict.fromkeys(room):
            for source in dict.fromkeys(room):
                if source != by or room.count(by) > 1:
                    yield from ((*move, False) for move in self._others[by] if move[2] == source)
            yield from ((*move, False) for move in self._others[by] if move[2] == OUTSIDE)
            yield from ((*move, True) for move in self._own[by])
        yield from ((*move, True) for move in self._own[OUTSIDE])

    @cached_property
    def _others(self) -> dict[int, list[tuple[str, int, int, int]]]:
        powers = self.powers
        found: dict[int, list[tuple[str, int, int, int]]] = {}
        for by in powers.inside:
            moves = [(row, by, source, dest) for row, source, dest in powers.seats(by)]
            for source in powers.inside:
                if powers.may("remove", by, source):
                    moves.append(("remove", by, source, OUTSIDE))
                moves += [
                    (row, by, source, BANNED)
                    for row in ("ban", "change_role")
                    if source != BANNED and powers.may(row, by, source, BANNED)
                ]
            found[by] = moves
        return found

    @cached_property
    def _own(self) -> dict[int, list[tuple[str, int, int, int]]]:
        powers = self.powers
        found: dict[int, list[tuple[str, int, int, int]]] = {
            index: [("leave", index, index, OUTSIDE)] if powers.may_self("leave", index) else []
            for index in powers.inside
        }
        for index in powers.inside:
            found[index] += [
                ("change_own_role", index, index, dest)
                for dest in powers.entries
                if dest != index and powers.may_self("change_own_role", index, dest, preauthorized_for_role=True)
            ]
        found[OUTSIDE] = [(row, OUTSIDE, OUTSIDE, dest) for row, dest in powers.ways_in()]
        if powers.policy.preauthorizations:
            found[OUTSIDE] += [
                ("preauthorized_join", OUTSIDE, OUTSIDE, dest) for dest in powers.may_enter_preauthorized
            ]
        return found

    def _permits(self, room: Room, move: tuple[str, int, int, int], *, is_self: bool) -> bool:
        """Whether the bounds hold afterwards."""
        row, by, source, dest = move
        by_index, facts = self.powers.by_index, dict[str, bool]()
        if source not in {OUTSIDE, dest}:
            role, left = by_index[source], room.count(source) - 1
            facts["minimum_participants_holds"] = role.participants.reached(left)
            facts["minimum_active_participants_holds"] = role.active.reached(
                left if self.powers.is_active(source) else 0
            )
        if dest not in {OUTSIDE, source}:
            role, many = by_index[dest], room.count(dest) + 1
            facts["maximum_participants_holds"] = role.participants.kept(many)
            facts["maximum_active_participants_holds"] = role.active.kept(many if self.powers.is_active(dest) else 0)
        if row in ("preauthorized_join", "change_own_role"):
            facts["preauthorized_for_role"] = True
        return self.powers.asked(
            row, sender=by, acting=by, target=source, wanted=dest, is_self=is_self, clients=Clients.NONE, **facts
        )


def powers_are_not_lost(policy: RolePolicy) -> Iterator[Fault]:
    """A capability that somebody has had can come to somebody again, as long as anybody is active."""
    powers = policy.derived(Powers)
    creators = _highest(powers)
    rooms = Rooms(powers, creators)
    writers = frozenset(index for index in powers.seated if any(powers.has(index, name) for name in WRITERS))
    groups = [(holders, some, _can_come_to(rooms, holders | writers)) for holders, some in _held_by(powers).items()]
    lost: dict[int, tuple[Room, Step, set[int]]] = {}
    for creator in creators:
        reached = rooms.reached((creator,))
        possible = [each for each in groups if (creator,) in each[2]]
        # What goes from a room that has lost something already is no new loss.
        for room in (room for room in reached if all(room in again for _, _, again in possible)):
            for step, after in rooms.steps[room]:
                gone = {
                    number
                    for holders, some, again in possible
                    if after not in again and holders & {*room}
                    for number in some
                }
                if gone and any(powers.is_active(index) for index in after if index in powers.seated):
                    known = lost.setdefault(step[2], (room, step, set()))
                    known[2].update(gone)
                    if len(room) < len(known[0]):
                        lost[step[2]] = room, step, known[2]
    for index, (room, step, gone) in sorted(lost.items(), reverse=True):
        names = [GRANTING[number] for number in sorted(gone)]
        subject = f"when the last {powers.name(index)} goes, {_counted(names)} lost: {', '.join(names[:6])}"
        yield Fault((index,), f"{subject}, …" if len(names) > 6 else subject, _played(powers, room, step),  # noqa: PLR2004
                    _kept(powers, index))  # fmt: skip


def _counted(names: list[str]) -> str:
    return "1 capability is" if len(names) == 1 else f"{len(names)} capabilities are"


def _highest(powers: Powers) -> list[int]:
    """The roles of those who can create rooms: they may have clients, and no other such role has more."""
    active = [index for index in powers.seated if powers.is_active(index)]
    return [index for index in active if not any(powers.of(index) < powers.of(other) for other in active)]


def _held_by(powers: Powers) -> dict[frozenset[int], set[int]]:
    """The capabilities, by the roles whose holders have them."""
    found: dict[frozenset[int], set[int]] = {}
    for number in sorted(set[int]().union(*map(powers.of, powers.seated))):
        holders = frozenset(index for index in powers.seated if number in powers.of(index))
        found.setdefault(holders, set()).add(number)
    return found


def _can_come_to(rooms: Rooms, holders: frozenset[int]) -> set[Room]:
    """The rooms from which some room with such holders can be reached."""
    before: dict[Room, list[Room]] = {}
    for room, steps in rooms.steps.items():
        for _, after in steps:
            before.setdefault(after, []).append(room)
    found = {room for room in rooms.steps if holders & {*room}}
    waiting = [*found]
    while waiting:
        for room in before.get(waiting.pop(), ()):
            if room not in found:
                found.add(room)
                waiting.append(room)
    return found


def _kept(powers: Powers, index: int) -> tuple[to.Edits, ...]:
    """Ways to keep the last holder of a role: nobody but its own holders takes them out of it."""
    role = powers.by_index[index]
    stays = to.cut(role, (index, OUTSIDE))
    others = [powers.by_index[other] for other in powers.seated if other != index]
    untouched = tuple(
        edit for other in others for edit in to.cut(other, *((index, dest) for dest in other.changes.get(index, ())))
    )
    minimum = to.without_minimum(role)
    ways = [stays, untouched, (*stays, *untouched), (*stays, *untouched, *minimum)]
    return tuple(way for way in dict.fromkeys(ways) if way)


def _played(powers: Powers, room: Room, step: Step) -> tuple[dict[str, object], ...]:
    """A room, and what is done in it."""
    row, by, source, dest = step
    is_self = row in ("leave", "change_own_role", "open_join", "code_join", "preauthorized_join")
    cast = Cast(powers, room)
    roles = [index for _, index in cast.users]
    actor = roles.index(by) if by in roles else None
    target = None
    if source != OUTSIDE:
        target = next(place for place, index in enumerate(roles) if index == source and (is_self or place != actor))
    user = NEWCOMER if target is None else cast[target]
    sender = user if is_self or actor is None else cast[actor]
    create = cast.create(code=dest if row == "code_join" else None)
    if dest == OUTSIDE:
        return create, event(sender, user, "remove")
    if row == "ban":
        return create, ban(sender, user)
    more = cast.credential(dest) if row in ("change_own_role", "preauthorized_join") else {}
    more |= {"join_link": "code"} if row == "code_join" else {}
    return create, event(sender, user, "add" if source == OUTSIDE else "change_role", role_index=dest, **more)


def roles_are_reached_and_left(policy: RolePolicy) -> Iterator[Fault]:
    """Every role but 0 and 1 can be reached from some first room, and left again."""
    powers = policy.derived(Powers)
    if powers.seated and not _lets_anybody_in(powers):
        cast = Cast(powers, powers.seated[:1])
        openings = tuple(
            (*to.with_(powers.by_index[by], "canAddParticipant"), *to.lead(powers.by_index[by], (OUTSIDE, index)))
            for by in reversed(_highest(powers))
            for index in powers.seated
            if not powers.lacks(by, index)
        )
        last = event(cast[0], NEWCOMER, "add", role_index=powers.seated[0])
        yield Fault(("in",), "nobody can ever come in", (cast.create(), last), tuple(filter(None, openings)))
        return
    reached = {index for index in powers.seated if any(_comes_to(powers, (one,), index) for one in powers.seated)}
    for index in powers.seated:
        if index not in reached:
            seat = _best_seat(powers, index)
            cast = Cast(powers, (seat,) if seat is not None else ())
            sender = cast[0] if seat is not None else NEWCOMER
            last = event(sender, NEWCOMER, "add", role_index=index)
            yield Fault((index, "reached"), f"nobody can be seated as {powers.name(index)}", (cast.create(), last),
                        _seatings(powers, index))  # fmt: skip
        if not _is_left(powers, index):
            others = sorted((other for other in powers.seated if other != index), key=lambda by: -len(powers.of(by)))
            cast = Cast(powers, (index,))
            role = powers.by_index[index]
            ways = [
                to.lead(powers.by_index[by], (index, OUTSIDE))
                for by in others
                if powers.has(by, "canRemoveParticipant")
            ]
            ways += [to.lead(powers.by_index[by], (index, BANNED)) for by in others if powers.has(by, "canBan")]
            ways.append((*to.with_(role, "canRemoveSelf"), *to.lead(role, (index, OUTSIDE))))
            ways += [(*way, *to.without_minimum(role)) for way in ways]
            yield Fault(
                (index, "left"),
                f"{powers.name(index)} cannot be left: nobody may change, ban or remove them",
                (cast.create(), event(cast[0], cast[0], "remove")),
                tuple(way for way in ways if way),
            )


def _lets_anybody_in(powers: Powers) -> bool:
    """Whether anybody can come in beside a creator, whatever the numbers."""
    return (
        bool(powers.may_enter_preauthorized)
        or any(True for _ in powers.ways_in())
        or any(source == OUTSIDE for by in powers.seated for _, source, _ in powers.seats(by))
    )


def _comes_to(powers: Powers, creators: Iterable[int], index: int) -> bool:
    """Whether somebody else than the creator can come into a role, in a room that begins with these."""
    present = powers.closure(creators)
    if index in powers.may_enter_preauthorized or any(dest == index for _, dest in powers.ways_in()):
        return True
    return any(
        dest == index and (source in (OUTSIDE, BANNED) or source in present)
        for by in present
        for _, source, dest in powers.seats(by)
    )


def _is_left(powers: Powers, index: int) -> bool:
    """Whether holders of a role can come out of it, whatever the numbers."""
    dests = [dest for dest in powers.inside if dest != index]
    return (
        powers.may_self("leave", index)
        or any(powers.may_self("change_own_role", index, dest, preauthorized_for_role=True) for dest in dests)
        or any(powers.may("remove", by, index) for by in powers.seated)
        or any(
            powers.may(row, by, index, dest) for by in powers.seated for dest in dests for row in ("ban", "change_role")
        )
    )


def _best_seat(powers: Powers, index: int) -> int | None:
    """The role whose holders would seat somebody, if any did: who adds, and lacks the least of what it has."""
    adders = [by for by in powers.seated if powers.has(by, "canAddParticipant")]
    return min(adders, key=lambda by: len(powers.lacks(by, index)), default=next(iter(powers.seated), None))


def _seatings(powers: Powers, index: int) -> tuple[to.Edits, ...]:
    """Changes by which somebody could be seated."""
    role = powers.by_index[index]
    adders = sorted(
        (by for by in powers.seated if by != index and powers.has(by, "canAddParticipant")),
        key=lambda by: (-len(powers.of(by)), len(powers.lacks(by, index))),
    )
    ways = [to.lead(powers.by_index[by], (OUTSIDE, index)) for by in adders]
    ways.append(to.with_(role, "canJoinIfPreauthorized"))
    return tuple(way for way in ways if way)


def first_rooms_can_meet_minima(policy: RolePolicy) -> Iterator[Fault]:
    """A first room, of its creator alone, meets every minimum, or can come to."""
    powers = policy.derived(Powers)
    yield from _impossible(powers)
    needed = [
        index
        for index in powers.seated
        if powers.by_index[index].participants.minimum or powers.by_index[index].active.minimum
    ]
    missing = {
        creator: [
            index
            for index in needed
            if (index != creator or powers.by_index[index].participants.minimum > 1)
            and not _comes_to(powers, (creator,), index)
        ]
        for creator in _highest(powers)
    }
    if not missing or not all(missing.values()):
        return
    creator = min(missing, key=lambda index: (len(missing[index]), -len(powers.of(index))))
    cast = Cast(powers, (creator,))
    ways = [tuple(edit for index in missing[creator] for edit in to.without_minimum(powers.by_index[index]))]
    if len(missing[creator]) == 1:
        ways += _seatings(powers, missing[creator][0])
    yield Fault(
        (),
        f"no room of a creator alone comes to have the {powers.names(missing[creator])} that it must have",
        (cast.create(), event(cast[0], NEWCOMER, "add", role_index=missing[creator][0])),
        tuple(ways),
    )


def _impossible(powers: Powers) -> Iterator[Fault]:
    """Minima that no room at all can meet."""
    roles = [powers.by_index[index] for index in powers.inside]
    for role in roles:
        most, least = role.participants.maximum, role.active.minimum
        if most is not None and least > most and role.active.is_sound:
            subject = f"{powers.name(role.index)} must have {least} active participants, and {most} at most in all"
            yield Fault((role.index, "active"), subject, (Cast(powers, (role.index,)).create(),),
                        (to.without_minimum(role),))  # fmt: skip
    base, needed = powers.policy.base, sum(powers.by_index[index].participants.minimum for index in powers.seated)
    if base is not None and base.max_users is not None and needed > base.max_users:
        subject = f"the minima are {needed} participants in all, and max_users is {base.max_users}"
        ways = tuple(edit for index in powers.seated for edit in to.without_minimum(powers.by_index[index]))
        yield Fault(("max_users",), subject, (Cast(powers, powers.seated[:1]).create(),), (ways,))
