"""A condition made by a marketer with the mouse and the keyboard, wide and on a phone, and what its card says later."""

import pytest
from test_ten_minutes import WIDTHS

TYPE = ".o_marketing_palette_type"
ENTRY_TYPE, EVENT = (f".modal .o_field_widget[name={name}] input" for name in ("entry_type", "event_kind"))
ITEM = ".o_select_menu_item"
DOMAIN = ".modal .o_field_widget[name=condition_domain]"


@pytest.mark.parametrize("visit", WIDTHS, indirect=True)
def test_from_the_form_to_the_numbers(visited, visit):
    server, walk = visited
    browser = walk.browser
    name = f"Neighbours {walk.is_phone}"
    server.rpc("res.partner", "create", {"name": "Cleo", "email": "cleo@people.example.com"})
    walk.open_app("Marketing Automation")
    walk.click(".o-kanban-button-new")
    browser.wait_for(".o_field_widget[name=name] :focus")
    browser.type(name)
    walk.click(".o_marketing_workflow button", "Add the first activity")
    walk.click(TYPE, "Condition")
    browser.wait_for(".modal .o_field_widget[name=name] input:focus")
    browser.type("Lives in Belgium")
    walk.click(f"{DOMAIN} button", "Add condition")
    walk.click(f"{DOMAIN} .o_tree_editor .o-autocomplete--input")
    browser.type("Belgium")
    walk.click(".o-autocomplete--dropdown-item", "Belgium")
    browser.wait_for(DOMAIN, "2 record(s)")
    walk.click(".o_marketing_behaviour_add")
    browser.choose(".o_marketing_behaviour_line [data-part=event]", "click")
    browser.choose(".o_marketing_behaviour_line [data-part=did]", "false")
    browser.choose(".o_marketing_behaviour_line [data-part=span]", "days")
    browser.wait_for(".modal .o_marketing_activity_preview", "they did not click in a message within the last 30 days")
    walk.picture("form")
    walk.click(".modal .o_form_button_save")
    browser.wait_gone(".modal")
    card = walk.card("Lives in Belgium")
    browser.wait_for(f"{card} .o_marketing_activity_condition", "If Country")
    browser.wait_for(f"{card} .o_marketing_activity_condition", "and they did not click in a message")

    # both ways are offered, in words
    walk.click(f"{card} + .o_marketing_activity_add_child")
    browser.wait_for(".o_marketing_palette label", "Yes")
    browser.wait_for(".o_marketing_palette label", "No")
    walk.picture("ways")
    browser.press("Escape")
    browser.wait_gone(".o_marketing_palette")

    enter_by_event_and_webhook(walk)
    [campaign] = server.rpc("marketing.campaign", "search", [("name", "=", name)])
    server.marketer("marketing.campaign", "action_start_campaign", [campaign])
    browser.open(f"{server.url}/odoo/marketing-automation/{campaign}")
    browser.wait_for(f'{card} [data-metric="branch:yes"]', "2")
    browser.wait_for(f"{card} .o_marketing_activity_condition", "Belgium")
    walk.picture("card")
    walk.click(f'{card} [data-metric="branch:yes"]')
    browser.wait_for(".o_data_row, .o_kanban_record:not(.o_kanban_ghost)", "Ada")
    assert not browser.errors


def enter_by_event_and_webhook(walk):
    """Have people enter by an event besides, and then by a webhook in place of that."""
    browser = walk.browser
    second = ".o_marketing_who_enters li:nth-child(2) .o_marketing_entry"
    walk.click(".o_marketing_entry_add")
    walk.click(ENTRY_TYPE)
    walk.click(ITEM, "Event")
    walk.click(EVENT)
    walk.click(ITEM, "It gets a tag")
    browser.wait_for(".modal .o_field_widget[name=event_to]")
    walk.picture("event")
    walk.click(".modal .o_form_button_save")
    browser.wait_gone(".modal")
    browser.wait_for(second, "It gets a tag")
    walk.click(second)
    walk.click(ENTRY_TYPE)
    walk.click(ITEM, "Webhook")
    walk.click(".modal .o_form_button_save")
    browser.wait_gone(".modal")
    walk.click(second, "Whom another system names")
    browser.wait_for(".modal .o_field_widget[name=webhook_url]", "/marketing_automation/enroll")
    walk.picture("webhook")
    browser.press("Escape")
    browser.wait_gone(".modal")
