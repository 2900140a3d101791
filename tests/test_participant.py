"""A participant is a model of the machine: states, triggers, `may`, callbacks - and no way around a guard."""

from collections.abc import Callable
from enum import StrEnum
from types import MappingProxyType, SimpleNamespace
from typing import Any, ClassVar, TypeAlias, assert_type
from weakref import ref

import pytest

import fsm
from fsm import (
    MIMI,
    Action,
    Change,
    Decision,
    DefinitionError,
    EventError,
    MatrixRoom,
    ObserverError,
    Participant,
    Policy,
    Room,
    Transition,
    participant,
)
from fsm.matrix.policies import MATRIX_6
from fsm.policies import load_policy, new_room
from tests.builders import (
    ALICE,
    BAN,
    BOB,
    CAROL,
    INVITE,
    JOIN,
    KNOCK,
    LEAVE,
    change,
    inside,
    join_rule,
    joined,
    message,
    room,
)
from tests.cli.runner import ROOT

AnyRoom: TypeAlias = Room | MatrixRoom


def matrix_room() -> AnyRoom:
    here = MatrixRoom.create("!room:a.example", ALICE)
    assert here.send_action(INVITE, ALICE, BOB)
    assert here.send_action(JOIN, BOB, BOB)
    return here


ROOMS = [pytest.param(lambda: room(*joined(BOB)), id="mimi"), pytest.param(matrix_room, id="matrix")]


class Diary(Participant):
    """Writes down every callback."""

    entries: ClassVar[list[tuple[str, str, str]]] = []

    def write(self, what: str, change: Change) -> None:
        assert type(change) is Change
        assert change.target == self.user
        self.entries.append((what, self.user, str(self.state)))


def hook(name: str) -> Callable[[Diary, Change], None]:
    return lambda self, change: self.write(name, change)


HOOKS = [f"on_{way}_{state}" for way in ("enter", "exit") for state in Action]
HOOKS += [f"after_{row.id}" for row in MIMI.transitions]
WithHooks: type[Diary] = type("WithHooks", (Diary,), {name: hook(name) for name in HOOKS})


@pytest.fixture
def diary() -> list[tuple[str, str, str]]:
    Diary.entries.clear()
    return Diary.entries


def test_triggers_answer_with_decisions_and_move_the_state() -> None:
    tea = room(join_rule("knock"))
    bob = tea.participant(BOB)
    assert bob.state is LEAVE
    # fmt: off
    walk: list[tuple[Callable[[], Decision], str, Action]] = [
        (bob.knock,                                   "knock",    KNOCK),
        (lambda: bob.invite(by=ALICE),                "welcome",  INVITE),
        (lambda: bob.invite(by=ALICE, reason="do!"),  "reinvite", INVITE),
        (lambda: bob.join(reason="thanks"),           "accept",   JOIN),
        (bob.join,                                    "rejoin",   JOIN),
        (lambda: bob.leave(by=ALICE, reason="rude"),  "kick",     LEAVE),
        (lambda: bob.trigger("knock", by=BOB),        "knock",    KNOCK),
        (lambda: bob.trigger(LEAVE, by=ALICE),        "deny",     LEAVE),
        (lambda: bob.ban(by=ALICE, reason="ruder"),   "ban",      BAN),
        (lambda: bob.leave(by=ALICE),                 "unban",    LEAVE),
        (lambda: bob.knock(reason="sorry"),           "knock",    KNOCK),
        (lambda: bob.leave(reason="never mind"),      "withdraw", LEAVE),
    ]
    # fmt: on
    for act, transition, after in walk:
        before = bob.state
        assert act() == Decision(allowed=True, transition=transition, before=before, after=after)
        assert bob.state is after
        assert tea.participation(BOB) is after


def test_a_hook_that_cannot_even_be_fetched_keeps_no_other_from_being_called() -> None:
    called = []

    class Broken(Participant):
        """A hook of three fails before it is called, and another is there."""

        @property
        def on_exit_leave(self) -> Callable[[Change], None]:
            if self.user == BOB:
                raise LookupError(self.user)
            return lambda each: called.append(each.target)

        def on_enter_invite(self, each: Change) -> None:
            called.append(each.target)

        def after_invite(self, each: Change) -> None:
            called.append(each.transition)

    class Nobody(Participant):
        """A hook of somebody who cannot be made."""

        def __init__(self, room: Any, user: str) -> None:
            if user == BOB:
                raise LookupError(user)
            super().__init__(room, user)

        def on_enter_invite(self, each: Change) -> None:
            raise AssertionError(each)

    for kind, heard in ((Broken, [BOB, "invite"]), (Nobody, [])):
        tea = Room.create("!tea:a.example", ALICE, participant=kind)
        called.clear()
        tea.observe(lambda each: called.append(each.sender))
        with pytest.raises(ObserverError) as caught:
            tea.send(change(INVITE, ALICE, BOB))
        assert [error.args for error in caught.value.errors] == [(BOB,)]
        assert called == [*heard, ALICE]
        assert tea.participation(BOB) is INVITE


def test_a_refused_trigger_is_an_answer_and_moves_nothing() -> None:
    tea = room(*joined(BOB))
    before = inside(tea)
    refused = tea.participant(ALICE).ban(by=BOB)
    assert type(refused) is Decision
    assert not refused
    assert {refusal.transition for refusal in refused.refusals} == {"ban"}
    assert inside(tea) == before


@pytest.mark.parametrize("action", ["dance", "", "LEAVE", "to_join", "fsm_state", "x" * 70_000, None, 5, ["leave"]])
@pytest.mark.parametrize("make", ROOMS)
def test_an_unknown_action_is_an_error(make: Callable[[], AnyRoom], action: Any) -> None:
    tea = make()
    bob = tea.participant(BOB)
    asks: list[Callable[[], object]] = [
        lambda: bob.trigger(action, by=BOB),
        lambda: bob.may(action, by=BOB),
        lambda: tea.decide_action(action, BOB, BOB),
        lambda: tea.send_action(action, BOB, BOB, None),
    ]
    for ask in asks:
        with pytest.raises(EventError) as caught:
            ask()
        assert caught.value.field == "action"
    assert bob.state is JOIN


def test_participants_are_views_of_one_room() -> None:
    tea = room(*joined(BOB))
    one, other = tea.participant(BOB), tea.participant(BOB)
    assert (one.room, one.user) == (tea, BOB)
    assert one.leave()
    assert one.state is other.state is LEAVE
    assert tea.send(change(INVITE, ALICE, BOB))
    assert one.state is other.state is INVITE
    assert room(*joined(BOB)).participant(BOB).state is JOIN, "another room is another place"


def test_may_answers_as_the_trigger_would_and_changes_nothing() -> None:
    tea = room(*joined(BOB), join_rule("knock"))
    for user in (ALICE, BOB, CAROL):
        for by in (ALICE, BOB, CAROL):
            for action in Action:
                before = inside(tea)
                foreseen = tea.participant(user).may(action, by=by)
                assert inside(tea) == before
                # A copy of the room tells what would have happened.
                copy = room(*joined(BOB), join_rule("knock"))
                assert copy.participant(user).trigger(action, by=by) == foreseen


NOBODY: list[Any] = [None, "", 0, False, 5, [], {}, ["@bob:b.example"], "x" * 70_000]


@pytest.mark.parametrize("nobody", NOBODY, ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize("make", ROOMS)
def test_somebody_must_act(make: Callable[[], AnyRoom], nobody: Any) -> None:
    # What is no user is nobody, least of all the target: the own leave is that without `by`.
    tea = make()
    bob = tea.participant(BOB)
    asks: list[Callable[[], object]] = [
        lambda: bob.leave(by=nobody),
        lambda: bob.ban(by=nobody),
        lambda: bob.invite(by=nobody),
        *(lambda action=action: bob.trigger(action, by=nobody) for action in Action),
        *(lambda action=action: bob.may(action, by=nobody) for action in Action),
        lambda: tea.actions(nobody, BOB),
    ]
    for ask in asks:
        with pytest.raises(EventError) as caught:
            ask()
        assert caught.value.field == "sender"
    assert bob.state is JOIN
    assert bob.leave()
    assert bob.state is LEAVE


@pytest.mark.parametrize("nobody", NOBODY, ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize("make", ROOMS)
def test_a_target_is_a_user(make: Callable[[], AnyRoom], nobody: Any) -> None:
    tea = make()
    before = tea.participations()
    participant = tea.participant(nobody)
    asks: list[Callable[[], object]] = [
        lambda: participant.invite(by=ALICE),
        lambda: participant.leave(by=ALICE),
        lambda: participant.may(BAN, by=ALICE),
        lambda: tea.decide_action(BAN, ALICE, nobody),
        lambda: tea.actions(ALICE, nobody),
    ]
    for ask in asks:
        with pytest.raises(EventError) as caught:
            ask()
        assert caught.value.field == "state_key"
    for own in (participant.join, participant.leave, participant.knock):
        with pytest.raises(EventError):
            own()
    assert tea.participations() == before


def test_who_acts_is_always_named() -> None:
    bob: Any = room(*joined(BOB)).participant(BOB)
    for ask in (lambda: bob.trigger(LEAVE), lambda: bob.may(LEAVE), bob.ban, bob.invite):
        with pytest.raises(TypeError, match="by"):
            ask()
    for own in (bob.join, bob.knock):
        with pytest.raises(TypeError, match="by"):
            own(by=ALICE)


def test_nothing_sets_the_state_but_a_trigger() -> None:
    bob = room().participant(BOB)
    for name in ("state", "joined", "participation"):
        with pytest.raises(AttributeError):
            setattr(bob, name, JOIN)
    for name in ("to_join", "set_state", "to", "machine", "next_state", "initial", "is_JOIN", "model", "models"):
        assert not hasattr(bob, name)
    assert bob.state is LEAVE


@pytest.mark.parametrize("name", [name for name in dir(Participant) if not name.startswith("_")])
def test_no_public_member_is_writable_and_moves(name: str) -> None:
    tea = room()
    bob = tea.participant(BOB)
    before = inside(tea)
    try:
        setattr(bob, name, JOIN)
    except AttributeError:
        assert name not in ("room", "user")
    else:
        # Who and where may be overwritten, as in any Python object; where they stand is not kept here.
        assert name in ("room", "user")
    assert inside(tea) == before


def test_a_participant_tells_who_and_where() -> None:
    assert repr(room().participant(ALICE)) == f"<Participant {ALICE} join>"
    assert repr(room(participant=WithHooks).participant(BOB)) == f"<WithHooks {BOB} leave>"


# Callbacks.


def test_callbacks_run_for_triggers(diary: list[Any]) -> None:
    bob = room(participant=WithHooks).participant(BOB)
    diary.clear()
    bob.invite(by=ALICE)
    assert diary == [
        ("on_exit_leave", BOB, "invite"),
        ("on_enter_invite", BOB, "invite"),
        ("after_invite", BOB, "invite"),
    ]


# fmt: off
ARRIVALS = [
    (change(INVITE, ALICE, BOB),                   "leave",  "invite", "invite"),
    (change(INVITE, ALICE, CAROL),                 "invite", "invite", "reinvite"),
    (change(BAN, ALICE, CAROL),                    "invite", "ban",    "ban"),
    (change(JOIN, CAROL, type="m.room.user"),      "invite", "join",   "accept"),
    (change(JOIN, CAROL, event_id="$1"),           "invite", "join",   "accept"),
    (MappingProxyType(change(JOIN, CAROL)),        "invite", "join",   "accept"),
]
# fmt: on


@pytest.mark.parametrize(("event", "before", "after", "row"), ARRIVALS)
def test_callbacks_run_for_events(diary: list[Any], event: Any, before: str, after: str, row: str) -> None:
    tea = room(change(INVITE, ALICE, CAROL), participant=WithHooks)
    user = event["state_key"]
    diary.clear()
    assert tea.send(event).transition == row
    moves = [] if before == after else [(f"on_exit_{before}", user, after), (f"on_enter_{after}", user, after)]
    assert diary == [*moves, (f"after_{row}", user, after)]


def test_the_creator_enters_as_well(diary: list[Any]) -> None:
    Room.create("!x:y", ALICE, participant=WithHooks)
    assert diary == [("on_exit_leave", ALICE, "join"), ("on_enter_join", ALICE, "join")]


def test_what_is_taken_as_it_stands_moves_people_too(diary: list[Any]) -> None:
    tea = room(participant=WithHooks)
    diary.clear()
    tea.take(change(BAN, ALICE, BOB))
    tea.take(change(BAN, ALICE, BOB))
    assert diary == [("on_exit_leave", BOB, "ban"), ("on_enter_ban", BOB, "ban")]


REFUSALS = [
    change(JOIN, BOB),
    change(JOIN, CAROL, BOB),
    change(BAN, CAROL, ALICE),
    change(LEAVE, BOB),
    change(KNOCK, CAROL),
]


@pytest.mark.parametrize("event", REFUSALS)
def test_callbacks_never_run_for_refusals(diary: list[Any], event: Any) -> None:
    tea = room(change(INVITE, ALICE, CAROL), participant=WithHooks)
    diary.clear()
    assert not tea.send(event)
    assert not tea.participant(event["state_key"]).trigger(event["content"]["participation"], by=event["sender"])
    assert diary == []


def test_callbacks_never_run_for_questions_other_events_and_mistakes(diary: list[Any]) -> None:
    tea = room(*joined(BOB), participant=WithHooks)
    diary.clear()
    assert tea.decide(change(LEAVE, BOB))
    assert tea.participant(BOB).may(LEAVE, by=BOB)
    assert tea.actions(ALICE, BOB)
    assert tea.send(message(BOB))
    assert tea.send(join_rule("public"))
    with pytest.raises(EventError):
        tea.send(change(LEAVE, BOB) | {"content": {"participation": "dance"}})
    assert diary == []


def test_rooms_with_and_without_callbacks_decide_alike(diary: list[Any]) -> None:
    events = [
        *joined(BOB, CAROL),
        change(LEAVE, BOB, CAROL),
        change(BAN, ALICE, BOB),
        change(JOIN, BOB),
        change(LEAVE, ALICE, BOB),
        change(LEAVE, CAROL),
        change(LEAVE, CAROL),
    ]
    plain, hooked = room(), room(participant=WithHooks)
    assert [plain.send(event) for event in events] == [hooked.send(event) for event in events]
    assert plain.participations() == hooked.participations()
    assert diary


class Butler(Participant):
    """Welcomes whoever knocks, and shows out whoever was banned and let back in."""

    def on_enter_knock(self, _: Change) -> None:
        assert self.invite(by=ALICE, reason="you are expected")

    def after_unban(self, _: Change) -> None:
        assert self.ban(by=ALICE)


def test_a_callback_may_act_again() -> None:
    tea = room(join_rule("knock"), participant=Butler)
    knocked = tea.send(change(KNOCK, BOB))
    assert (knocked.transition, knocked.after) == ("knock", KNOCK), "the answer is to the question asked"
    assert tea.participation(BOB) is INVITE
    assert tea.participant(BOB).join()

    assert tea.send(change(BAN, ALICE, BOB))
    assert tea.send(change(LEAVE, ALICE, BOB)).transition == "unban"
    assert tea.participation(BOB) is BAN


class Clumsy(Participant):
    def on_enter_join(self, _: Change) -> None:
        raise RuntimeError("dropped the tray")

    def after_kick(self, _: Change) -> None:
        raise RuntimeError("dropped the tray")


class Stumbling(Participant):
    def on_exit_invite(self, _: Change) -> None:
        raise RuntimeError("dropped the tray")


@pytest.mark.parametrize("kind", [Clumsy, Stumbling])
def test_an_error_in_a_callback_reaches_whoever_acted_and_the_change_stands(kind: type[Participant]) -> None:
    tea = room(change(INVITE, ALICE, BOB))
    tea.participant_type = kind
    with pytest.raises(ObserverError, match="after revision 3: RuntimeError: dropped the tray") as caught:
        tea.send(change(JOIN, BOB))
    assert tea.participation(BOB) is JOIN
    assert caught.value.decision == Decision(allowed=True, transition="accept", before=INVITE, after=JOIN)
    assert (caught.value.change.target, caught.value.change.revision) == (BOB, 3)
    assert [type(error) for error in caught.value.errors] == [RuntimeError]


def test_an_error_after_a_named_transition_comes_too_late_as_well() -> None:
    tea = room(*joined(BOB))
    tea.participant_type = Clumsy
    with pytest.raises(ObserverError, match="dropped the tray"):
        tea.participant(BOB).leave(by=ALICE)
    assert tea.participation(BOB) is LEAVE


class Doorman(Participant):
    """Bans, on the way out, who was about to come in."""

    busy: ClassVar[bool] = False

    def on_exit_invite(self, _: Change) -> None:
        if not Doorman.busy:
            Doorman.busy = True
            assert self.ban(by=ALICE)


def test_a_ban_inside_a_callback_is_not_undone_by_the_change_around_it() -> None:
    Doorman.busy = False
    tea = room(change(INVITE, ALICE, BOB), participant=Doorman)
    tea.send(change(JOIN, BOB))
    assert tea.participation(BOB) is BAN


def test_only_subclasses_with_callbacks_pay_for_them() -> None:
    class Named(Participant):
        def shout(self) -> str:
            return self.user.upper()

    assert not Participant.has_hooks
    assert not Named.has_hooks
    assert Butler.has_hooks
    assert WithHooks.has_hooks
    assert isinstance(room(participant=Named).participant(BOB), Named)
    assert type(Room.create("!x:y", ALICE).participant(BOB)) is Participant


def test_a_hook_that_is_set_on_the_class_later_is_called() -> None:
    class Late(Participant):
        pass

    class Later(Late):
        pass

    tea, heard = room(participant=Later), list[str]()
    Late.on_enter_invite = lambda self, _: heard.append(self.user)
    assert tea.participant(BOB).invite(by=ALICE)
    assert heard == [BOB]
    delattr(Late, "on_enter_invite")
    assert not Later.has_hooks
    assert tea.participant(BOB).leave()
    assert tea.participant(BOB).invite(by=ALICE)
    assert heard == [BOB]


MISNAMED = ["on_enter_banned", "on_exit_", "after_kicked", "on_enter_JOIN", "after_"]


@pytest.mark.parametrize("name", MISNAMED)
def test_a_hook_that_is_named_for_nothing_is_refused(name: str) -> None:
    kind = type("Misnamed", (Participant,), {name: lambda *_: None})
    message = f"`Misnamed.{name}` is named for nothing that policy `mimi` has"
    for make in (
        lambda: Room("!x:y", participant=kind),
        lambda: Room.create("!x:y", ALICE, participant=kind),
        lambda: Room.from_state([], participant=kind),
        lambda: Room.restore(room().snapshot(), participant=kind),
        lambda: MatrixRoom("!x:y", participant=kind),
    ):
        with pytest.raises(DefinitionError, match=f"^`Misnamed.{name}` is named for nothing that policy `"):
            make()
    later = type("Misnamed", (Participant,), {})
    tea = room(participant=later)
    setattr(later, name, lambda *_: None)
    with pytest.raises(DefinitionError) as caught:
        tea.send(change(INVITE, ALICE, BOB))
    assert str(caught.value) == message
    assert tea.participation(BOB) is LEAVE


def test_one_class_serves_matrix_rooms_of_all_versions() -> None:
    kind = type("Knocking", (Participant,), {"after_knock": lambda *_: None})
    assert MatrixRoom("!x:y", participant=kind)
    with pytest.raises(DefinitionError, match="named for nothing that policy `matrix-6` has"):
        MatrixRoom("!x:y", policy=MATRIX_6, participant=kind)


def test_a_participant_that_is_held_keeps_its_attributes() -> None:
    class Counting(Participant):
        count = 0

        def on_enter_invite(self, _: Change) -> None:
            self.count += 1

    tea = room(participant=Counting)
    bob: Any = tea.participant(BOB)
    for _ in range(2):
        assert bob.invite(by=ALICE)
        assert bob.leave()
    assert bob.count == 2
    assert tea.participant(BOB) is bob


# Verbs are those of the policy.

ROMEO, JULIET = "romeo@montague.example", "juliet@capulet.example"


def affiliations() -> Any:
    chat = new_room(load_policy(f"{ROOT}/examples/muc/policies.py:AFFILIATIONS"))
    chat.send({"type": "muc.create", "sender": ROMEO, "state_key": "", "content": {}})
    return chat


def test_every_action_of_a_policy_is_a_verb() -> None:
    juliet = affiliations().participant(JULIET)
    assert not juliet.register()  # her own act, and the room takes none
    assert juliet.set("admin", by=ROMEO, reason="trusted").transition == "appoint"
    assert juliet.set(juliet.state, by=ROMEO).transition == "reappoint"
    assert juliet.state == "admin"
    with pytest.raises(EventError):
        juliet.set("king", by=ROMEO)


def test_what_is_no_action_is_no_verb() -> None:
    juliet = affiliations().participant(JULIET)
    for name in ("dance", "_set", "room_of", "__len__"):
        with pytest.raises(AttributeError, match=f"`Participant` has no `{name}`"):
            getattr(juliet, name)
    assert not hasattr(juliet, "knock")  # the words of participation are those of MIMI and Matrix
    assert fsm.Room.create("!room:x", "@ann:x").participant("@bob:x").invite(by="@ann:x")


Spoken = StrEnum("Spoken", {"ASK": "ask again"})
STATE = MIMI.states[0]


def test_verbs_have_names_that_python_knows() -> None:
    rows: tuple[Transition[Any], ...] = (Transition("ask", Spoken.ASK, {STATE}, STATE, (), "1"),)
    odd: Policy[Any] = Policy("odd", "", "", MIMI.domain, rows, family="")
    asked: list[Any] = []
    here: Any = SimpleNamespace(policy=odd, send_action=lambda *given, **more: asked.append((given, more)))
    participant.Participant(here, "@bob:x").ask_again("now", by="@ann:x", loud=True)
    assert asked == [(("ask again now", "@ann:x", "@bob:x", None), {"loud": True})]


def test_a_room_tells_the_class_of_its_participants() -> None:
    class Member(Participant):
        greeting = "hello"

    tea = Room.create("!x:y", ALICE, participant=Member)
    # What a type checker makes of it; at run time there is nothing to see.
    assert_type(tea.participant(BOB), Member)
    assert_type(Room.restore(tea.snapshot(), participant=Member).participant(BOB).greeting, str)
    assert_type(Room.create("!x:y", ALICE).participant(BOB), Participant)
    assert tea.participant(BOB).greeting == "hello"


# The hooks of a change: from where, to where, by which transition, and what is called.
CALLED = [
    (JOIN, LEAVE, "kick", ("after_kick", "on_enter_leave", "on_exit_join")),
    (INVITE, LEAVE, "kick", ("after_kick", "on_enter_leave")),
    (JOIN, BAN, "kick", ("after_kick", "on_exit_join")),
    (JOIN, LEAVE, "leave", ("on_enter_leave", "on_exit_join")),
    (JOIN, LEAVE, None, ("on_enter_leave", "on_exit_join")),
    (JOIN, JOIN, "kick", ("after_kick",)),
]


def test_the_hooks_of_a_change_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    class Some(Participant):
        def on_exit_join(self, _: Change) -> None: ...
        def on_enter_leave(self, _: Change) -> None: ...
        def after_kick(self, _: Change) -> None: ...

    monkeypatch.setattr(participant, "_MOST_KNOWN", 3)
    for number in range(12):
        before, after, transition, called = CALLED[number % len(CALLED)]
        for _ in range(2):
            assert participant.hooks_of(Some, before, after, transition) == called
        assert len(Some._hooks[1]) == number % 3 + 1


def test_one_hook_that_is_a_coroutine_makes_a_class_one_of_coroutines() -> None:
    class Both(Participant):
        def on_exit_join(self, _: Change) -> None: ...
        async def on_enter_join(self, _: Change) -> None: ...

    assert Both.has_async_hooks
    assert not WithHooks.has_async_hooks


@pytest.mark.parametrize("name", ["room", "user", "_kept", "__deepcopy__"])
def test_a_participant_without_a_room_has_no_verbs(name: str) -> None:
    with pytest.raises(AttributeError, match=f"has no `{name}`"):
        getattr(Participant.__new__(Participant), name)


def test_a_participant_can_be_referred_to_weakly() -> None:
    bob = room(*joined(BOB)).participant(BOB)
    assert ref(bob)() is bob


def test_actions_that_would_have_one_name_go_by_none() -> None:
    mode = StrEnum("Mode", {"GIVE": "mode+o", "TAKE": "mode-o"})  # type: ignore[misc]  # made here
    policy: Any = load_policy(f"{ROOT}/examples/muc/policies.py:AFFILIATIONS")
    rows: list[Any] = [
        fsm.Transition(word, action, set(policy.states), policy.initial, ())
        for word, action in zip(("give", "take"), mode, strict=True)
    ]
    room: Any = new_room(policy.evolve("modes", add=rows, drop=[row.id for row in policy.transitions], carries={}))
    with pytest.raises(AttributeError, match="`Participant` has no `mode_o`"):
        _ = room.participant("b").mode_o
