"""A workflow rearranged by a marketer with the mouse, the keyboard and, on a phone, the menu of its cards."""

from test_ten_minutes import walk  # noqa: F401, the fixture

CONTROL = 2  # how DevTools names the key
HEAD = "header .o_marketing_activity_name"
BELGIUM = "[('country_id.code', '=', 'BE')]"


def test_move_undo_and_paste(walk, odoo_server):  # noqa: F811
    browser = walk.browser

    def create(name, campaign, **values):
        values = {"activity_type": "condition", "trigger_type": "begin", "condition_domain": BELGIUM, **values}
        [activity] = odoo_server.marketer("marketing.activity", "create", [{"name": name, **campaign, **values}])
        return activity

    def place():
        [values] = odoo_server.rpc("marketing.activity", "read", [customer], ["parent_id", "trigger_type"])
        return (values["parent_id"] or [False])[0], values["trigger_type"]

    spring, summer = odoo_server.marketer("marketing.campaign", "create", [{"name": "Spring"}, {"name": "Summer"}])
    belgian = create("Belgian", {"campaign_id": spring})
    named = create("Named", {"campaign_id": spring}, parent_id=belgian, trigger_type="cond_yes")
    customer = create("Customer", {"campaign_id": spring})
    create("Here", {"campaign_id": summer})

    browser.open(f"{odoo_server.url}/odoo/marketing-automation/{spring}")
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
    assert len(odoo_server.rpc("marketing.activity", "search", [("campaign_id", "=", spring)])) == 3

    walk.click(walk.card("Belgian", " .o_marketing_activity_menu"))
    walk.click("[data-action=copy]")
    browser.open(f"{odoo_server.url}/odoo/marketing-automation/{summer}")
    walk.click(walk.card("Here", " .o_marketing_activity_menu"))
    walk.click("[data-action=paste]")
    browser.wait_for(walk.card("Customer"))
    walk.picture("pasted")
    names = odoo_server.rpc("marketing.activity", "search_read", [("campaign_id", "=", summer)], ["name"])
    assert {activity["name"] for activity in names} == {"Here", "Belgian", "Named", "Customer"}
    assert odoo_server.rpc("marketing.activity", "read", [named], ["campaign_id"])[0]["campaign_id"][0] == spring
    assert not browser.errors
