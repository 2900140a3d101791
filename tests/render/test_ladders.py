"""Ladders and tables of who may do what to whom: they say what the rows permit, and fit on a page."""

import json
import re
from collections import Counter
from io import BytesIO
from itertools import pairwise, product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import lxml.etree
import pytest
from svgcheck.checksvg import checkTree

from fsm import Policy, load_policy
from fsm.reach import Reach
from fsm.render.diagram import Change
from fsm.render.ladder_sheet import WIDEST, sheet_of
from fsm.render.ladder_sheet import to_ladders as drawn
from fsm.render.ladders import MOST, Ladders, ladders_between, ladders_of
from fsm.render.layout.engine import RenderError, draw
from fsm.render.layout.sheet import RING, Box, Dot, Head, Stem, Text, flat, to_dot
from fsm.render.layout.style import width_of
from fsm.render.words.ladders import to_text
from fsm.render.words.reach import to_tables as tabled
from fsm.render.words.section import to_section
from fsm.room_policy.facts import Clients, RoleFacts
from fsm.room_policy.policies import RolePolicy, data_of, policy_of
from tests.cli.runner import fsm
from tests.room_policy.clubs import club, policy_with
from tests.room_policy.lint_sets import added, bounded, holding, lacking, leading, role, sound, with_changes
from tests.room_policy.questions import Questions

SVG = "{http://www.w3.org/2000/svg}"


def to_ladders(policy: Policy[Any], fmt: str = "svg") -> bytes:
    return drawn(ladders_of(policy), fmt=fmt)


def to_tables(policy: Policy[Any]) -> str:
    return tabled(ladders_of(policy))


def roles(count: int, **more: Any) -> RolePolicy:
    every = [*range(count + 1)]
    return policy_of([
        {
            "role_index": index,
            "role_name": f"role-{index}",
            "role_capabilities": ["canAddParticipant", "canBan", "canChangeUserRole", "canRemoveParticipant", "canKick"],
            "minimum_participants_constraint": 0,
            "minimum_active_participants_constraint": 0,
            "authorized_role_changes": [{"from_role_index": source, "target_role_indexes": every} for source in every],
            **more,
        }
        for index in every
    ])  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_what_is_reached_is_what_the_rows_permit(seed: int) -> None:
    policy = policy_of([role for role in Questions(seed).roles() if role["role_index"] < 4])
    permitted = set()
    for row in policy.transitions:
        for source, dest, by, is_self in product(row.source, policy.states, policy.states, (False, True)):
            facts = policy.domain.plain | {
                "target": source, "wanted": dest, "acting": by, "sender": source if is_self else by, "is_self": is_self,
                "join_code_is_valid": True, "preauthorized_for_role": row.id in ("preauthorized_join", "change_own_role"),
                "clients": Clients.GO if row.id in ("kick", "remove_own_client") else Clients.NONE,
            }  # fmt: skip
            if by == (source if is_self else by) and row.permits(RoleFacts(**facts)):
                permitted.add((by, row.id, source, row.leads_to(RoleFacts(**facts)), is_self))
    told = {(each.by, each.verb, each.source, each.dest, each.is_self) for each in policy.reach}
    assert told <= permitted
    missed = permitted - told
    # Who has no role does nothing to others; the banned have no clients, and to be what one is is nothing.
    assert all(
        by == policy.initial or source == dest or (verb == "kick") or (by.value == 1 and is_self)
        for by, verb, source, dest, is_self in missed
    )


@pytest.mark.parametrize("count", [3, 10, MOST])
def test_pictures_fit_on_a_page(count: int) -> None:
    root = ET.fromstring(to_ladders(roles(count)))  # noqa: S314 - our own
    assert int(root.attrib["width"]) <= WIDEST
    sizes = {int(text.attrib["font-size"]) for text in root.iter(f"{SVG}text")}
    assert min(sizes) >= 10
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "ladder":
            lanes = [(float(line.attrib["x1"])) for line in group.iter(f"{SVG}line")]
            assert len(lanes) == len(set(lanes))
            assert all(later - earlier >= 10 for earlier, later in pairwise(lanes))


@pytest.mark.long
def test_more_roles_are_tables_only() -> None:
    policy = roles(MOST + 1)
    with pytest.raises(RenderError, match="is the most for a picture"):
        to_ladders(policy)
    assert f"role-{MOST + 1}" in to_tables(policy)
    with pytest.raises(RenderError, match="does not say who may do what to whom"):
        to_ladders(load_policy("mimi"))


def test_names_are_words_and_not_markup() -> None:
    picture = to_ladders(roles(2, role_name="</svg><script>\u202ex"))
    assert b"<script" not in picture
    ET.fromstring(picture)  # noqa: S314 - our own
    assert "<script" not in to_tables(roles(2, role_name="|<script>`x"))


@pytest.mark.parametrize("count", [3, 8])
def test_a_picture_of_points_is_as_large_as_that_of_lines(count: int) -> None:
    policy = roles(count)
    sheet = sheet_of(ladders_of(policy))
    png = to_ladders(policy, fmt="png")
    assert png.startswith(b"\x89PNG")
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (sheet.width, sheet.height)
    assert to_ladders(policy, fmt="pdf") == to_ladders(policy, fmt="pdf")


@pytest.mark.long
def test_a_picture_of_points_that_is_too_high_is_refused() -> None:
    with pytest.raises(RenderError, match="is the most for png: draw it as svg"):
        to_ladders(roles(MOST), fmt="png")


def test_every_shape_is_painted() -> None:
    sheet = sheet_of(ladders_of(roles(2, role_name='"]; \\" & <b> %s')))
    kinds = Counter(type(shape) for shape in flat(sheet.shapes))
    dot = to_dot(sheet)
    assert dot.count(" label=") == kinds[Text] + 1
    assert dot.count(" E ") == kinds[Dot]
    assert dot.count(" L 2 ") == kinds[Stem]
    assert dot.count(" P 4 ") == kinds[Box]
    assert dot.count(" P 3 ") == kinds[Head]
    assert draw(dot, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize("count", [3, 10])
def test_text_says_what_the_picture_says(count: int) -> None:
    policy = roles(count)
    lines = to_text(ladders_of(policy)).splitlines()
    assert max(map(len, lines)) <= 69
    words = " ".join(lines)
    ladders = ladders_of(policy)
    for _, lanes in ladders.panels():
        for lane in lanes:
            assert " ".join(ladders.words(lane).split()) in " ".join(words.split())


def test_the_figure_of_a_draft_keeps_to_its_profile() -> None:
    figure = fsm("draw", "room-policy-strict", "--format", "rfc", "--prefix", "strict").out
    root = ET.fromstring(figure)  # noqa: S314 - our own
    assert root.get("anchor") == "fig-strict"
    svg, drawing = root.iter("artwork")
    assert svg[0].tag == f"{SVG}svg"
    assert int(svg[0].attrib["width"]) <= 660
    assert "What group_admin can do:" in (drawing.text or "")
    tree = lxml.etree.parse(BytesIO(ET.tostring(svg[0])))
    before = lxml.etree.tostring(tree)
    assert checkTree(tree)
    assert lxml.etree.tostring(tree) == before


def test_the_command_draws_ladders() -> None:
    whole = fsm("draw", "room-policy-strict", "--format", "svg").out
    assert re.findall(r"What ([\w]+) can do", whole) == [
        "outsiders", "ordinary_user", "group_admin", "super_admin", "policy_enforcer",
    ]  # fmt: skip
    one = fsm("draw", "room-policy-strict", "--format", "svg", "--given", "sender=group_admin").out
    assert re.findall(r"What ([\w]+) can do", one) == ["group_admin"]
    own = fsm("draw", "room-policy-strict", "--format", "svg", "--given", "is_self=true").out
    assert "kick" not in own
    assert "leave" in own
    table = fsm("draw", "room-policy-strict", "--format", "matrix").out
    assert "| **`policy_enforcer`** |" in table


@pytest.mark.parametrize("name", ["strict", "organizations"])
def test_a_section_permits_what_the_reach_does(name: str) -> None:
    policy = load_policy(f"room-policy-{name}")
    sentences = [each for each in re.split(r"\n(?=[*#])|\n\n", to_section(policy)) if " MAY " in each]
    told = [re.findall("`([^`]+)`", " ".join(each.split())) for each in sentences]
    expected = [
        [
            *([] if by == policy.initial else [policy.labels[by]]),
            lane.verb,
            *([] if lane.is_self else [policy.labels[state] for state in lane.sources]),
            *([] if lane.dest is None else [policy.labels[lane.dest]]),
        ]
        for by, lanes in ladders_of(policy).panels()
        for lane in lanes
    ]
    assert told == expected


def test_a_section_of_roles_says_what_else_must_hold() -> None:
    text = " ".join(fsm("spec", "room-policy-strict").out.split())
    assert "For `leave`: * The room MUST respect the `minimum_participants_constraint`." in text
    assert "hold the capability" not in text, "what each role may do says it"
    assert "takes no `link_base`" in fsm("spec", "room-policy-strict", "--link-base", "#x").err


def planted(policy: RolePolicy, *plants: Any) -> RolePolicy:
    data = {role["role_index"]: role for role in data_of(policy)["roles_list"]["roles"]}
    for plant in plants:
        plant(data)
    return policy_of([*data.values()], id="changed")


BEFORE = policy_of([*sound().values()], id="before")
AFTERWARDS = [
    planted(BEFORE, holding(2, "canKick"), leading(2, 2, 3)),
    planted(BEFORE, lacking(3, "canBan"), added(role(4, "guest", "canRemoveSelf", {4: [0]}))),
    planted(BEFORE, with_changes(3, {0: [1, 3], 1: [3], 2: [0, 1, 3]})),
    planted(BEFORE, bounded(2, "maximum_participants", 9), holding(2, "canDestroyRoom")),
    BEFORE,
]


@pytest.mark.parametrize("after", AFTERWARDS)
@pytest.mark.parametrize("is_back", [False, True])
def test_what_is_gained_and_lost_is_marked(after: RolePolicy, *, is_back: bool) -> None:
    old, new = (after, BEFORE) if is_back else (BEFORE, after)
    before, then = ({_by_words(each) for each in policy.reach} for policy in (old, new))
    ladders = ladders_between(old, new)
    marked = {Change.FIRST: set[object](), Change.SECOND: set[object](), Change.NONE: set[object]()}
    for by, lanes in ladders.panels():
        for lane in lanes:
            for source, change in lane.sources.items():
                to = source if lane.dest is None else lane.dest
                marked[change].add((by.value, lane.verb, source.value, to.value, lane.is_self))
    assert marked[Change.SECOND] == then - before
    assert marked[Change.FIRST] == before - then
    assert marked[Change.NONE] <= before & then
    dots = [shape.mark for shape in flat(sheet_of(ladders).shapes) if isinstance(shape, Dot)]
    assert dots.count("+") == len(then - before)
    assert dots.count("\N{MINUS SIGN}") == len(before - then)
    svg = ET.fromstring(drawn(ladders))  # noqa: S314 - our own
    paths = [path.attrib["d"] for path in svg.iter(f"{SVG}path")]
    assert sum(path.count("M") == 2 for path in paths) == len(then - before)
    lines = to_text(ladders).splitlines()
    signs = "".join(line[20:] for line in lines if re.match(r"^([+-] )?[\w]+ +[-+o<][-+o< ]*$", line))
    assert signs.count("+") == len(then - before)
    assert signs.count("-") == len(before - then)
    assert max(map(len, lines)) <= 69


def _by_words(each: Reach) -> tuple[object, ...]:
    return each.by.value, each.verb, each.source.value, each.dest.value, each.is_self


@pytest.mark.parametrize("ending", ["svg", "png", "pdf", "txt", "md", "xml", "dot"])
def test_the_commands_draw_what_an_update_changes(ending: str, tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    for file, policy in ((old, BEFORE), (new, AFTERWARDS[1])):
        file.write_text(json.dumps(data_of(policy)), encoding="utf-8")
    one, other = tmp_path / f"one.{ending}", tmp_path / f"other.{ending}"
    assert fsm("draw", str(old), "--against", str(new), "-o", str(one)).status == 0
    assert fsm("diff", str(old), str(new), "--picture", str(other)).status == 1
    assert one.read_bytes() == other.read_bytes()
    if ending == "svg":
        assert "What changes for owner" in one.read_text(encoding="utf-8")
        assert "`guest` appears" in one.read_text(encoding="utf-8")


def test_a_report_says_who_gains_and_loses_what(tmp_path: Path) -> None:
    old, new, report = tmp_path / "old.json", tmp_path / "new.json", tmp_path / "report.md"
    for file, policy in ((old, BEFORE), (new, AFTERWARDS[1])):
        file.write_text(json.dumps(data_of(policy)), encoding="utf-8")
    assert fsm("diff", str(old), str(new), "--report", str(report)).status == 1
    text = report.read_text(encoding="utf-8")
    assert re.search(r"\| \*\*`owner`\*\* \|.* \N{MINUS SIGN} `ban` \|", text)
    assert "- `guest` appears" in text
    assert "(report.old-new.svg)" in text
    assert (tmp_path / "report.old-new.svg").exists()
    page = tmp_path / "report.html"
    assert fsm("diff", str(old), str(new), "--report", str(page)).status == 1
    assert "data:image/svg+xml;base64," in page.read_text(encoding="utf-8")
    assert fsm("diff", str(old), str(old), "--report", str(report)).status == 0
    assert "Nothing changes." in report.read_text(encoding="utf-8")


NAMES = (
    "\u05de\u05e0\u05d4\u05dc \u05d4\u05e7\u05d1\u05d5\u05e6\u05d4", "\u0645\u062f\u064a\u0631", "\u7ba1\u7406\u8005" * 9,
    "a very long name of a role that goes on and on", "W" * 60, "", "\u202eevil", "x\x00y", "\U0001f469" * 12,
)  # fmt: skip


def named_oddly(count: int) -> RolePolicy:
    sets, indexes = club(count, 3)
    for index, name in zip(indexes, NAMES, strict=False):
        sets[index]["role_name"] = name
    return policy_with(sets)


DRAWN = [
    *(ladders_of(load_policy(f"room-policy-{name}")) for name in ("cooperative", "strict", "moderated", "organizations")),
    ladders_of(policy_with(club(12, 1)[0])),
    ladders_of(named_oddly(9)),
    ladders_between(named_oddly(9), policy_with(club(9, 3)[0])),
    ladders_between(load_policy("room-policy-strict"), load_policy("room-policy-moderated"), ("a note of many words " * 40,)),
    *(ladders_between(BEFORE, after) for after in AFTERWARDS),
]  # fmt: skip


@pytest.mark.parametrize("ladders", DRAWN, ids=[f"{number}-{each.id}" for number, each in enumerate(DRAWN)])
@pytest.mark.parametrize("only_self", [False, True])
@pytest.mark.parametrize("widest", [WIDEST, 660])
def test_nothing_overlaps_or_is_cut_off(ladders: Ladders, *, only_self: bool, widest: int) -> None:
    sheet = sheet_of(ladders, only_self=only_self, widest=widest)
    assert sheet.width <= widest
    texts = [shape for shape in flat(sheet.shapes) if isinstance(shape, Text)]
    assert min(text.size for text in texts) >= 10
    spans = [
        (
            text.x,
            text.y - 0.8 * text.size,
            text.x + width_of(text.words, text.size, bold=text.bold),
            text.y + 0.2 * text.size,
        )
        for text in texts
    ]
    assert all(
        left >= 0 and top >= 0 and right <= sheet.width and foot <= sheet.height for left, top, right, foot in spans
    )
    for number, one in enumerate(spans):
        for other in spans[number + 1 :]:
            assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
    places = [(shape.x, shape.y) for shape in flat(sheet.shapes) if isinstance(shape, Dot)]
    assert len(places) == len({*places})
    assert all(RING <= x <= sheet.width - RING for x, _ in places)


@pytest.mark.parametrize("ladders", [DRAWN[1], DRAWN[5], DRAWN[6]])
def test_an_image_is_no_wider_than_its_sheet(ladders: Ladders) -> None:
    sheet, png = sheet_of(ladders), drawn(ladders, fmt="png")
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (sheet.width, sheet.height)


def test_what_whoever_is_in_may_do_is_said_once() -> None:
    ladders = ladders_of(policy_with(club(5, 1)[0]))
    shared, words = ladders.said_once(None, only_self=False)
    assert words == "Whoever has a role may: add_own_client, remove_own_client"
    drawn_once = [each for by, lanes in ladders.panels(but=shared) for each in lanes]
    whole = [each for by, lanes in ladders.panels() for each in lanes]
    assert len(whole) - len(drawn_once) == len(shared) == 2 * 5
    assert words in to_text(ladders)
    assert "add_own_client" not in " ".join(to_text(ladders, [ladders.rungs[0]]).split("1.")[0].split())
