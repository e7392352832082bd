"""A workflow rearranged by a marketer with the mouse, the keyboard and, on a phone, the menu of its cards."""

import json

import pytest
from test_ten_minutes import WIDTHS

at_both_widths = pytest.mark.parametrize("visit", WIDTHS, indirect=True)

CONTROL = 2  # how DevTools names the key
HEAD = "header .o_marketing_activity_name"
LEAST_WIDTH = 200  # pixels of a card
IN_SIGHT = """
(({ top, bottom, left, right }) => top >= 0 && bottom <= innerHeight && left >= 0 && right <= innerWidth)(
    document.activeElement.getBoundingClientRect()
)
"""
# Whether the first card is below what stays at the top of the window
COVERED = """
(() => {
    const { left, right, top } = document.querySelector(".o_marketing_activity_card").getBoundingClientRect();
    const element = document.elementFromPoint((left + right) / 2, top + 1);
    return !element.closest(".o_marketing_workflow_tree");
})()
"""
# The sign of what is dragged is beside the pointer, which is over this card
BESIDE = """
(({ left, top }, card) => left > card.left && left < card.right && top > card.top && top < card.bottom)(
    document.querySelector(".o_marketing_drag_sign").getBoundingClientRect(),
    document.querySelector('.o_marketing_activity_card[data-name="Named"]').getBoundingClientRect()
)
"""
BELGIUM = "[('country_id.code', '=', 'BE')]"

STEPS = 300
# Cards that cannot be scrolled to, those too narrow to be read, and whether all are in the window now
CARDS = """
(() => {
    const workflow = document.querySelector(".o_marketing_workflow");
    const start = workflow.getBoundingClientRect().left - workflow.scrollLeft;
    const boxes = [...document.querySelectorAll(".o_marketing_activity_card")].map((card) => {
        const { left, right, top, bottom, width } = card.getBoundingClientRect();
        return { left: left - start, right: right - start, top, bottom, width };
    });
    return JSON.stringify({
        count: boxes.length,
        lost: boxes.filter(({ left, right }) => left < 0 || right > workflow.scrollWidth + 1).length,
        sideways: workflow.scrollWidth - workflow.clientWidth,
        narrowest: Math.min(...boxes.map(({ width }) => width)),
        above: Math.min(...boxes.map(({ top }) => top)) < 0,
        below: Math.max(...boxes.map(({ bottom }) => bottom)) > innerHeight,
    });
})()
"""


@pytest.fixture(scope="module")
def three_hundred(visited):
    """The id of a campaign of three hundred steps, in which forks follow forks."""
    server, _walk = visited
    [campaign] = server.marketer("marketing.campaign", "create", [{"name": "Three hundred"}])
    places = [(False, "begin")]
    number = 0
    while number < STEPS:
        rows = [
            {"name": f"Step {number + index}", "campaign_id": campaign, "parent_id": parent, "trigger_type": way}
            | {"activity_type": "condition", "condition_domain": BELGIUM, "sequence": number + index}
            for index, (parent, way) in enumerate(places[: STEPS - number])
        ]
        made = server.marketer("marketing.activity", "create", rows)
        number += len(made)
        # some go on and on, others fork
        places = [(step, way) for step in made for way in ("cond_yes", "cond_no")][: 40 if number < 200 else 8]
    return campaign


@at_both_widths
def test_three_hundred_steps(visited, visit, three_hundred):
    """No card is lost, however the forks branch; the keyboard reaches each, and all are seen at once."""
    server, walk = visited
    browser = walk.browser
    browser.open(f"{server.url}/odoo/marketing-automation/{three_hundred}")
    browser.wait_for(walk.card("Step 0"))
    browser.settle()
    cards = json.loads(browser.evaluate(CARDS))
    assert cards["count"] == STEPS
    assert not cards["lost"] and cards["sideways"] <= 0 and cards["narrowest"] >= LEAST_WIDTH, cards

    last = walk.card(f"Step {STEPS - 1}", " .o_marketing_activity_edit")
    browser.evaluate(f"document.querySelector({json.dumps(last)}).focus()")
    browser.settle()
    assert browser.evaluate(IN_SIGHT), "what has the focus is scrolled to"

    walk.click(".o_marketing_zoom_fit")
    browser.settle()
    cards = json.loads(browser.evaluate(CARDS))
    assert not (cards["above"] or cards["below"] or cards["lost"]) and cards["sideways"] <= 0, cards
    assert not browser.evaluate(COVERED), "nothing is below the buttons of the form"
    walk.picture("fit")
    walk.click(".o_marketing_zoom_reset")
    browser.settle()
    assert json.loads(browser.evaluate(CARDS))["narrowest"] >= LEAST_WIDTH
    assert not browser.errors


@at_both_widths
def test_move_undo_and_paste(visited, visit):
    server, walk = visited
    browser = walk.browser

    def create(name, campaign, **values):
        values = {"activity_type": "condition", "trigger_type": "begin", "condition_domain": BELGIUM, **values}
        [activity] = server.marketer("marketing.activity", "create", [{"name": name, **campaign, **values}])
        return activity

    def place():
        [values] = server.rpc("marketing.activity", "read", [customer], ["parent_id", "trigger_type"])
        return (values["parent_id"] or [False])[0], values["trigger_type"]

    spring, summer = server.marketer("marketing.campaign", "create", [{"name": "Spring"}, {"name": "Summer"}])
    belgian = create("Belgian", {"campaign_id": spring})
    named = create("Named", {"campaign_id": spring}, parent_id=belgian, trigger_type="cond_yes")
    customer = create("Customer", {"campaign_id": spring})
    create("Here", {"campaign_id": summer})

    browser.open(f"{server.url}/odoo/marketing-automation/{spring}")
    browser.wait_for(walk.card("Named"))
    browser.settle()
    end = f'.o_marketing_workflow_end[data-parent-id="{belgian}"]'
    if walk.is_phone:
        walk.click(walk.card("Customer", " .o_marketing_activity_menu"))
        walk.click("[data-action=move]")
        browser.choose("#o_marketing_move_parent", str(belgian))
        browser.choose("#o_marketing_move_way", "cond_no")
        walk.picture("move")
        walk.click(".o_marketing_move_confirm")
    else:
        browser.drag(walk.card("Belgian", f" {HEAD}"), walk.card("Named"), drop=False)
        assert not browser.evaluate("document.querySelectorAll('.o_marketing_drop_over').length"), "below itself"
        assert browser.evaluate(BESIDE), "the sign of what is dragged follows the pointer"
        browser.press("Escape")
        browser.drop()
        browser.drag(walk.card("Customer", f" {HEAD}"), end)
    browser.wait_for(".o_notification", "“Customer” now follows “Belgian”: No")
    browser.wait_gone(end)
    assert place() == (belgian, "cond_no")

    browser.evaluate("document.activeElement.blur()")
    browser.press("z", CONTROL)
    browser.wait_for(end)
    assert place() == (False, "begin")
    browser.press("y", CONTROL)
    browser.wait_gone(end)
    assert place() == (belgian, "cond_no")

    walk.click(walk.card("Belgian", " .o_marketing_activity_remove"))
    walk.click(".modal .btn-danger")
    browser.wait_for(".o_marketing_workflow_empty")
    walk.click(".o_marketing_workflow_undo")
    browser.wait_for(walk.card("Named"))
    assert len(server.rpc("marketing.activity", "search", [("campaign_id", "=", spring)])) == 3

    walk.click(walk.card("Belgian", " .o_marketing_activity_menu"))
    walk.click("[data-action=copy]")
    browser.open(f"{server.url}/odoo/marketing-automation/{summer}")
    walk.click(walk.card("Here", " .o_marketing_activity_menu"))
    walk.click("[data-action=paste]")
    browser.wait_in_sight(walk.card("Belgian"), 1)  # waiting for a card would scroll to it
    walk.picture("pasted")
    browser.wait_for(walk.card("Customer"))
    names = server.rpc("marketing.activity", "search_read", [("campaign_id", "=", summer)], ["name"])
    assert {activity["name"] for activity in names} == {"Here", "Belgian", "Named", "Customer"}
    assert server.rpc("marketing.activity", "read", [named], ["campaign_id"])[0]["campaign_id"][0] == spring
    assert not browser.errors
