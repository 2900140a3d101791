"""Third-party invites: what the token is worth, by which signature, and what happens without the libraries."""

import builtins
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from fsm import EventError
from fsm.matrix.facts import Warrant
from fsm.matrix.third_party import Promise, Promises, examine
from tests.matrix.builders import (
    ALICE,
    BOB,
    CAROL,
    JSON,
    POLICIES,
    members,
    promise,
    public_key,
    redeem,
    room,
    signed,
)

W = Warrant


def token(**changes: Any) -> JSON:
    """A good `third_party_invite`, but for these changes of what is signed; None takes a part away."""
    inside: JSON = {**signed(BOB, "tok"), **changes}
    return {"display_name": "b…@b…", "signed": {key: each for key, each in inside.items() if each is not None}}


def signature(by: int = 1) -> Any:
    return signed(BOB, "tok", by=by)["signatures"]["id.example"]["ed25519:0"]


OTHER = "other"

# What the invite carries, and what it is worth.
# fmt: off
WORTH: list[tuple[object, Warrant]] = [
    (token(),                                                              W.THIRD_PARTY),
    (token(unsigned={"age": 5}),                                           W.THIRD_PARTY),
    (token(signatures={"any.name": {"ed25519:of any name": signature()}}), W.THIRD_PARTY),
    (token(signatures={"a": {}, "b": {"x:0": 5, "ed25519:1": "AAAA", "ed25519:0": signature()}}), W.THIRD_PARTY),

    (None,                                                                 W.THIRD_PARTY_UNREADABLE),
    ({},                                                                   W.THIRD_PARTY_UNREADABLE),
    ([],                                                                   W.THIRD_PARTY_UNREADABLE),
    ("tok",                                                                W.THIRD_PARTY_UNREADABLE),
    ({"signed": None},                                                     W.THIRD_PARTY_UNREADABLE),
    ({"signed": ["mxid", "token"]},                                        W.THIRD_PARTY_UNREADABLE),
    (token(mxid=None),                                                     W.THIRD_PARTY_UNREADABLE),
    (token(token=None),                                                    W.THIRD_PARTY_UNREADABLE),

    (token(mxid=CAROL),                                                    W.THIRD_PARTY_FOR_ANOTHER),
    (token(mxid=5),                                                        W.THIRD_PARTY_FOR_ANOTHER),
    (token(token=OTHER),                                                    W.THIRD_PARTY_UNKNOWN),
    (token(token=5),                                                       W.THIRD_PARTY_UNKNOWN),
    (token(token=["tok"]),                                                 W.THIRD_PARTY_UNKNOWN),

    (token(signatures=None),                                               W.THIRD_PARTY_UNSIGNED),
    (token(signatures={}),                                                 W.THIRD_PARTY_UNSIGNED),
    (token(signatures=[]),                                                 W.THIRD_PARTY_UNSIGNED),
    (token(signatures={"id.example": None}),                               W.THIRD_PARTY_UNSIGNED),
    (token(signatures={"id.example": {}}),                                 W.THIRD_PARTY_UNSIGNED),
    (token(signatures={"id.example": {"ed25519:0": 5}}),                   W.THIRD_PARTY_UNSIGNED),
    (token(signatures={"id.example": {"ed25519:0": None}}),                W.THIRD_PARTY_UNSIGNED),
    (token(signatures={"id.example": {"ed25519:0": "not base64!"}}),       W.THIRD_PARTY_UNSIGNED),
    (token(signatures={"id.example": {"ed25519:0": "\u00e9"}}),            W.THIRD_PARTY_UNSIGNED),
    (token(signatures={"id.example": {"ed25519:0": signature(by=2)}}),     W.THIRD_PARTY_UNSIGNED),
    (token(signatures={"id.example": {"unknown:0": signature()}}),         W.THIRD_PARTY_UNSIGNED),
    (token(extra="not signed"),                                            W.THIRD_PARTY_UNSIGNED),
    (token(extra=float("nan")),                                            W.THIRD_PARTY_UNSIGNED),
    (token(extra="\ud800"),                                                W.THIRD_PARTY_UNSIGNED),
]
# fmt: on

PROMISES = Promises().but("tok", Promise(ALICE, {"public_key": public_key(1)}))


@pytest.mark.parametrize(("carried", "worth"), WORTH, ids=range(len(WORTH)))
def test_what_a_token_is_worth(carried: object, worth: Warrant) -> None:
    before = deepcopy(carried)
    assert examine(carried, sender=ALICE, target=BOB, promises=PROMISES) is worth
    assert repr(carried) == repr(before), "looking changes nothing"


def test_a_token_is_redeemed_by_whoever_asked_for_it() -> None:
    assert examine(token(), sender=CAROL, target=BOB, promises=PROMISES) is W.THIRD_PARTY_OF_ANOTHER


def test_a_token_nested_deeply_is_not_signed() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    carried = token()
    carried["signed"]["extra"] = deep
    assert examine(carried, sender=ALICE, target=BOB, promises=PROMISES) is W.THIRD_PARTY_UNSIGNED


GOOD = public_key(1)

# The content of the `m.room.third_party_invite`, and whether a token signed with key 1 is good.
# fmt: off
KEYS: list[tuple[JSON, bool]] = [
    ({"public_key": GOOD},                                                       True),
    ({"public_keys": [{"public_key": GOOD}]},                                    True),
    ({"public_key": public_key(2), "public_keys": [{"public_key": GOOD}]},       True),
    ({"public_key": "pubkey", "public_keys": [{"public_key": GOOD}]},            True),
    ({"public_key": 5, "public_keys": [5, None, {}, {"public_key": None}, {"public_key": GOOD}]}, True),
    ({"public_keys": [{"public_key": public_key(2)}, {"public_key": GOOD}]},     True),
    ({},                                                                         False),
    ({"public_key": public_key(2)},                                              False),
    ({"public_key": ""},                                                         False),
    ({"public_key": "A" * 43},                                                   False),
    ({"public_key": "é"},                                                        False),
    ({"public_key": GOOD[:-2]},                                                  False),
    ({"public_keys": {"public_key": GOOD}},                                      False),
    ({"public_keys": [GOOD]},                                                    False),
]
# fmt: on


@pytest.mark.parametrize(("content", "is_good"), KEYS, ids=range(len(KEYS)))
def test_keys(content: JSON, is_good: bool) -> None:
    worth = examine(token(), sender=ALICE, target=BOB, promises=Promises().but("tok", Promise(ALICE, content)))
    assert worth is (W.THIRD_PARTY if is_good else W.THIRD_PARTY_UNSIGNED)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: str(policy.id))
def test_in_a_room_of_any_version(policy: Any) -> None:
    here = room(promise("tok"), *members(join=[ALICE], ban=[CAROL]), version=policy.version)
    decision = here.send(redeem(ALICE, BOB, token()))
    assert (decision.transition, here.participation(BOB)) == ("redeem", "invite")
    banned = here.decide(redeem(ALICE, CAROL, {"signed": signed(CAROL, "tok")}))
    assert (banned.allowed, banned.reason) == (
        False,
        "no transition: `invite` is not possible while the target is in `ban`",
    )


def test_it_takes_neither_power_nor_presence() -> None:
    # To the letter: whoever promised it has left, and the target has joined meanwhile.
    here = room(promise("tok", sender=CAROL), *members(leave=[CAROL], join=[BOB]))
    assert here.send(redeem(CAROL, BOB, token())).transition == "redeem"
    assert here.participation(BOB) == "invite"


def test_a_faulty_one_is_no_ordinary_invite() -> None:
    here = room(promise("tok"), *members(join=[ALICE]))
    for carried in (None, {}, token(mxid=CAROL), token(extra=1)):
        decision = here.decide(redeem(ALICE, BOB, carried))
        assert not decision
        assert decision.reason.startswith("redeem: ")


def test_one_taken_back_is_worth_nothing() -> None:
    here = room(promise("tok"), *members(join=[ALICE]))
    here.send(promise("tok", content={}))
    decision = here.decide(redeem(ALICE, BOB, token()))
    assert decision.reason == "redeem: no signature of the third-party invite matches a key of the room's"


GOOD_SIGNATURE = {"ed25519:0": signature()}


def signatures(number: int, last: Any) -> JSON:
    """So many servers' signatures, the last of which is this one; those of other algorithms do not count."""
    return {"x": {"other:0": signature()}, **{f"s{each}": {"ed25519:0": "AAAA"} for each in range(number - 1)}, **last}


# How many signatures by how many keys, of which the last by the last is good; and whether that is found.
# fmt: off
PAIRS: list[tuple[int, int, bool]] = [
    (1, 1, True), (1, 64, True), (64, 1, True), (8, 8, True), (2, 32, True),
    (1, 65, False), (65, 1, False), (5, 13, False), (550, 950, False),
]
# fmt: on


@pytest.mark.parametrize(("signed_by", "keys", "is_found"), PAIRS)
def test_as_many_pairs_of_signatures_and_keys_are_tried(signed_by: int, keys: int, is_found: bool) -> None:
    listed = [*(public_key(each) for each in range(2, min(keys, 70) + 1)), *(f"k{each}" for each in range(70, keys))]
    content = {"public_keys": [{"public_key": key} for each in (*listed, GOOD) for key in (each, each)]}
    carried = token(signatures=signatures(signed_by, {"id.example": GOOD_SIGNATURE}))

    def worth() -> Warrant:
        return examine(carried, sender=ALICE, target=BOB, promises=Promises().but("tok", Promise(ALICE, content)))

    if is_found:
        assert worth() is W.THIRD_PARTY
        return
    with pytest.raises(EventError) as caught:
        worth()
    assert str(caught.value) == (
        "`content.third_party_invite`: has more signatures and keys than can be checked: 64 pairs are the most"
    )


def test_what_is_found_in_time_needs_no_limit() -> None:
    content = {"public_keys": [{"public_key": GOOD}, *({"public_key": public_key(each)} for each in range(2, 99))]}
    carried = token(signatures={"id.example": GOOD_SIGNATURE, **signatures(9, {})})
    promised = Promises().but("tok", Promise(ALICE, content))
    assert examine(carried, sender=ALICE, target=BOB, promises=promised) is W.THIRD_PARTY


@pytest.fixture
def without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__

    def refusing(name: str, *arguments: Any, **more: Any) -> Any:
        top = name.partition(".")[0]
        if top in ("signedjson", "unpaddedbase64", "nacl"):
            raise ModuleNotFoundError(f"No module named '{top}'", name=top)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", refusing)


@pytest.mark.usefixtures("without_libraries")
def test_without_the_libraries_it_is_an_error_and_never_allowed() -> None:
    here = room(promise("tok"), *members(join=[ALICE]))
    for ask in (here.decide, here.send):
        with pytest.raises(EventError) as caught:
            ask(redeem(ALICE, BOB, token()))
        assert str(caught.value) == (
            "`content.third_party_invite`: to check its signature needs signedjson: pip install 'mimi-fsm[matrix]'"
        )
    assert here.participation(BOB) == "leave"
    # What is at fault in another way needs no library to be rejected.
    assert not here.decide(redeem(ALICE, BOB, token(mxid=CAROL)))
