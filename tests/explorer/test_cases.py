"""Cases on the page: facts, arrows and cells, with the mouse, with the keyboard, and by link."""

import pytest
from playwright.sync_api import Locator, Page, expect

from fsm import Domain, Facts, Policy, Transition
from fsm.mimi.policies import MIMI
from fsm.participation.guards import sender_is_another, sender_outranks_for_ban, sender_outranks_for_kick
from tests.builders import JOIN, LEAVE
from tests.explorer.conftest import PHONE, Open
from tests.render.policies import DOOR


def edge(page: Page, name: str) -> Locator:
    return page.locator(f'svg:visible .edge[data-id="{name}"]')


def cell(page: Page, action: str, state: str) -> Locator:
    return page.locator("#matrix").get_by_label(f"{action}, target in {state}:")


def lit(page: Page) -> set[str]:
    return {str(each.get_attribute("data-id")) for each in page.locator("svg:visible .edge.lit").all()}


def press(page: Page, label: str) -> None:
    """Press a control by its words; what it looks like stands before the control itself."""
    page.locator("label", has_text=label).first.click()


def address(page: Page) -> str:
    return page.url.partition("#")[2]


def test_the_first_facts_allow_something(visit: Open) -> None:
    page = visit(MIMI)
    expect(page.locator("h1")).to_have_text(MIMI.title)
    expect(page.locator("#verdict")).to_have_text("Press an arrow, or a cell of the table.")
    expect(page.locator("#possible")).to_have_text(
        "Possible: invite, reinvite, welcome, revoke, kick, deny, unban, ban, reban."
    )
    assert "kick-join" in lit(page)
    assert "leave-join" not in lit(page)
    assert address(page) == ""


def test_a_fact_fades_what_it_forbids(visit: Open) -> None:
    page = visit(MIMI)
    before = lit(page)
    page.get_by_label("may kick").uncheck()
    assert before - lit(page) == {"kick-join", "revoke-invite", "deny-knock"}
    expect(edge(page, "kick-join")).to_have_attribute(
        "aria-label", "kick: join to leave, by another user: not possible"
    )
    expect(cell(page, "leave", "join")).to_have_text("\u2013")
    assert address(page) == "may_kick=false"
    page.get_by_role("button", name="Reset the facts").click()
    assert lit(page) == before
    assert address(page) == ""


def test_who_acts_on_themselves_is_where_they_are(visit: Open) -> None:
    page = visit(MIMI)
    press(page, "the target")
    assert lit(page) == {"accept-invite", "rejoin-join", "decline-invite", "leave-join", "withdraw-knock"}
    expect(page.locator("input[name=fact-sender]").first).to_be_disabled()
    page.locator('svg:visible .state[data-id="join"] > path').click()
    assert lit(page) == {"rejoin-join", "leave-join"}
    expect(page.locator("input[name=fact-sender][value='1']")).to_be_checked()
    expect(page.locator("#possible")).to_have_text("Possible: rejoin, leave.")


def test_an_arrow_says_why_not_and_what_would_have_to_change(visit: Open) -> None:
    page = visit(MIMI, "may_kick=false&outranks_for_kick=false")
    edge(page, "kick-join").locator("text").first.click()
    expect(page.locator("#verdict")).to_contain_text("Rejected")
    expect(page.locator("#verdict")).to_contain_text(
        "kick: the sender may not kick, and the sender does not outrank the target for kicking"
    )
    kick = page.locator("#answer [data-row=kick]")
    expect(kick).to_contain_text("join → leave, by another user, section 5.6.2")
    failed = kick.locator('[data-holds="false"]')
    assert [item.get_attribute("data-guard") for item in failed.all()] == [
        "sender_may_kick",
        "sender_outranks_for_kick",
    ]
    way = page.get_by_role("button", name="the sender may kick, and the sender outranks the target for kicking")
    way.click()
    expect(page.locator("#verdict")).to_contain_text("Allowed as kick")
    expect(page.locator("#verdict")).to_be_focused()
    expect(page.get_by_label("may kick")).to_be_checked()
    assert "kick-join" in lit(page)


def test_an_arrow_may_lose_to_another(visit: Open) -> None:
    page = visit(MIMI, "is_self=true&case-ask=leave.join.kick")
    expect(page.locator("#verdict")).to_contain_text("Not as kick")
    expect(page.locator("#verdict")).to_contain_text("it is allowed as leave: join → leave")
    expect(page.locator("#answer .ways")).to_have_text("the sender is another user")


def test_an_empty_cell_says_why(visit: Open) -> None:
    page = visit(MIMI)
    cell(page, "join", "ban").click()
    expect(page.locator("#verdict")).to_contain_text("no transition: join is not possible while the target is in ban")
    expect(page.locator("#answer")).to_contain_text("No transition leads from ban by join.")
    cell(page, "knock", "leave").click()
    expect(page.locator("#verdict")).to_contain_text(
        "knock: the sender is not the target, and the room takes no knocks"
    )
    assert address(page) == "case-ask=knock.leave"


def test_the_keyboard_does_it_all(visit: Open) -> None:
    page = visit(MIMI)
    page.locator("#copy-link").focus()
    page.keyboard.press("Tab")
    expect(page.locator('svg:visible .state[data-id="leave"]')).to_be_focused()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
        if page.evaluate("document.activeElement.dataset.id") == "kick-join":
            break
    expect(edge(page, "kick-join")).to_be_focused()
    page.keyboard.press("Enter")
    expect(edge(page, "kick-join")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#verdict")).to_contain_text("Allowed as kick")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("input[name=fact-target]:checked")).to_be_focused()
    cell(page, "invite", "leave").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(cell(page, "join", "knock")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#verdict")).to_contain_text("join: the sender is not the target, and the room is not public")


def test_a_link_shows_the_same(visit: Open) -> None:
    page = visit(MIMI)
    press(page, "public")
    page.get_by_label("may ban").uncheck()
    page.locator('svg:visible .state[data-id="invite"] > path').click()
    edge(page, "ban-join").locator("text").first.click()
    link = address(page)
    assert link == "target=join&join_rule=public&may_ban=false&case-ask=ban.join.ban"
    other = visit(MIMI, link)
    for part in ("#verdict", "#answer", "#possible", "#matrix"):
        assert other.locator(part).inner_text() == page.locator(part).inner_text()
    assert lit(other) == lit(page)
    assert other.locator("#case input:checked").count() == page.locator("#case input:checked").count()
    # A link that is followed on the page itself is shown at once.
    page.evaluate("location.hash = 'may_kick=false'")
    expect(page.get_by_label("may kick")).not_to_be_checked()


@pytest.mark.parametrize(
    "link", ["colour=red", "join_rule=private", "case-ask=dance.join", "%E0%A4%A", "room-opening=99", "may_kick"]
)
def test_a_damaged_link_is_said_to_be(link: str, visit: Open) -> None:
    page = visit(MIMI, link)
    expect(page.locator("#notice")).to_have_text("This link is not one of this page, or is damaged.")
    assert "kick-join" in lit(page)


def test_the_link_is_copied(visit: Open) -> None:
    page = visit(MIMI, "may_kick=false")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#notice")).to_have_text("The link is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def one_power(facts: Facts) -> bool:
    return facts.outranks_for_kick is facts.outranks_for_ban


def not_over_oneself(facts: Facts) -> bool:
    return not (facts.is_self and facts.outranks_for_kick)


def test_facts_that_exclude_each_other_follow(visit: Open) -> None:
    guards = (sender_is_another, sender_outranks_for_kick, sender_outranks_for_ban)
    policy = Policy(
        id="tied",
        title="Facts that depend on each other",
        source="made up",
        domain=Domain(Facts, possible=(one_power, not_over_oneself)),
        transitions=(Transition("kick", LEAVE, {JOIN}, LEAVE, guards),),
        family="tests.nowhere",
    )
    page = visit(policy)
    ban = page.get_by_label("outranks the target for banning")
    expect(ban).to_be_checked()
    page.get_by_label("outranks the target for kicking").uncheck()
    expect(ban).not_to_be_checked()
    ban.check()
    expect(page.get_by_label("outranks the target for kicking")).to_be_checked()
    press(page, "the target")
    expect(ban).not_to_be_checked()
    expect(page.get_by_role("radio", name="A room")).to_have_count(0)


def test_a_policy_of_another_kind(visit: Open) -> None:
    page = visit(DOOR)
    page.get_by_label("has the key").uncheck()
    edge(page, "lock-open").locator("text").first.click()
    expect(page.locator("#verdict")).to_contain_text("lock: the sender has no key")
    expect(page.locator("#answer .ways")).to_have_text("the sender has the key")


def test_on_a_phone(visit: Open) -> None:
    page = visit(MIMI, "case-ask=leave.join.kick&outranks_for_kick=false", viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    expect(edge(page, "kick-join").locator("text").first).to_be_in_viewport()
    expect(page.locator("#verdict")).to_be_in_viewport()
    press(page, "knock")
    expect(page.locator("#verdict")).to_be_in_viewport()
