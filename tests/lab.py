"""A protocol in miniature: states are numbers, the target stands in the content, ranks follow from where users stand."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fsm import Asked, Domain, Family, Policy, Scenario, State, Syntax, Transition, about, guard
from fsm.event import Event
from fsm.facts import EVENT, PAIR, SENDER, PairFacts, Value
from fsm.scenario import Opening
from fsm.syntax_room import SyntaxRoom

OUT, GUEST, STAFF, BOSS = LADDER = (State(0, "outside"), State(1, "guest"), State(2, "staff"), State(3, "boss"))
A, B, C = USERS = ("a#1", "b#2", "c#3")


class Act(StrEnum):
    ENTER = "enter"
    MOVE = "move"
    EXIT = "exit"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabFacts(PairFacts[State]):
    to: State = about(EVENT)
    is_quiet: bool = about(EVENT, plain=False)
    has_badge: bool = about(SENDER, plain=False)
    outranks: bool = about(PAIR, plain=False, strong=False)


@guard("the sender is the target", fails="the sender is another")
def sender_is_target(facts: LabFacts) -> bool:
    return facts.is_self


@guard("the sender has a badge", fails="the sender has no badge")
def sender_has_badge(facts: LabFacts) -> bool:
    return facts.has_badge


@guard("the target is not above", fails="the target is above")
def target_is_not_above(facts: LabFacts) -> bool:
    return facts.outranks


@guard("it is quiet", fails="it is loud")
def exit_is_quiet(facts: LabFacts) -> bool:
    return facts.is_quiet


@guard("a place inside is asked for", fails="no place inside is asked for")
def place_is_inside(facts: LabFacts) -> bool:
    return facts.to != OUT


LAB = Policy(
    "lab",
    "The lab",
    "House rules",
    Domain(LabFacts, dict.fromkeys(("target", "sender", "to"), LADDER)),
    (
        Transition("enter", Act.ENTER, {OUT}, GUEST, (sender_is_target,), "1"),
        Transition(
            "move", Act.MOVE, {*LADDER[1:]}, Asked("to"), (sender_has_badge, target_is_not_above, place_is_inside), "2"
        ),
        Transition("exit", Act.EXIT, {*LADDER[1:]}, OUT, (sender_is_target, exit_is_quiet), "3"),
    ),
    family=f"{__name__}:FAMILY",
    initial=OUT,
)


class LabRoom(SyntaxRoom):
    __slots__ = ()

    syntax = Syntax(
        title="Lab",
        changes=("lab.go", "lab.step"),
        action="content.verb",
        target="content.who",
        destination="content.to",
        facts={"is_quiet": "content.quiet"},
        users=r"^\w+#\d+$",
    )
    creator_state = BOSS

    def facts_between(self, sender: str, target: str) -> dict[str, Value]:
        one, other = (LADDER.index(self.participation(user)) for user in (sender, target))
        badge = self.settings.get(("lab.badge", sender), {}).get("on", True)
        return {"has_badge": badge is True, "outranks": one >= other}

    def refusal(self, event: Event) -> str:
        if event.type == "lab.crash":
            raise KeyError(event.type)
        return "" if event.type in {"lab.open", "lab.badge"} else "nobody may send such an event"


def state(event_type: str, sender: str, key: str = "", **content: Any) -> dict[str, Any]:
    return {"type": event_type, "sender": sender, "state_key": key, "content": content}


OPENED = (state("lab.open", A), LabRoom.syntax.write(LAB, "enter", A, A, to=GUEST))
FAMILY = Family(
    id="lab",
    policies=(LAB,),
    room=LabRoom,
    syntax=LabRoom.syntax,
    scenario=Scenario(
        users={A: "Ann", B: "Bob", C: "Cy"},
        strangers=("x#8", "y#9"),
        openings={"opened": Opening(OPENED, {A: "first"})},
        assignments=tuple((state("lab.badge", A, user, on=on),) for user in USERS for on in (True, False)),
    ),
    laws=(),
    words={"enter": "come in"},
)
