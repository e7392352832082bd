"""Somebody who has read nothing, from the home menu to the first numbers: with real clicks on what is seen alone.

Each click is pressed at the middle of what nothing covers; there is a picture before each of them, in the folder of
the test.
"""

import re
from contextlib import contextmanager

import pytest
from real_odoo import MARKETER
from test_real_campaign import LOCAL, fetch

from tools.browser import PHONE, running_browser

MOST_CLICKS = 40
WIDTHS = (1400, 400)  # pixels
HEIGHT = 900
FAIR = "https://shop.example.com/fair"
FRAME, TEXT = ".o_mail_body_mailing iframe", ".odoo-editor-editable p"
EMAIL = ".o_marketing_palette_type[data-type=email]"
HOME = ".o_action_manager > *"  # what Odoo shows whoever has just come
OPEN_EDITOR, SAVE = ".modal .o_marketing_template_write", ".modal .o_form_button_save"


class Walk:
    """A Browser in the hand of a person; `clicks` is how many it took so far."""

    def __init__(self, browser, folder):
        self.browser = browser
        self._begin(folder)

    def _begin(self, folder):
        self.is_phone = self.browser.evaluate("innerWidth") < PHONE
        self.clicks = 0
        self.folder = folder
        folder.mkdir()

    def begin_again(self, url, width, folder):
        """Open a page in a window of another width, as somebody else who has come."""
        self.browser.resize(width, HEIGHT)
        self.browser.open(url)
        self.browser.wait_for(HOME)
        self._begin(folder)

    def click(self, selector, text="", frame=None):
        self.browser.wait_for(selector, text, frame)
        self.picture(selector, text)
        self.browser.click(selector, text, frame)
        self.clicks += 1

    def press_button(self, name):
        """Press a button in the header of a form, of which a phone shows the first one and a menu of the others."""
        if self.is_phone:
            self.click(".o_statusbar_buttons button[title=More]")
        self.click(f"button[name={name}]")

    def go_back(self, name):
        if self.is_phone:
            self.click(".o_back_button")
        else:
            self.click(".breadcrumb-item", name)

    def open_app(self, name):
        if self.is_phone:
            self.click(".o_menu_toggle")
            self.click(".o_sidebar_topbar a", "All Apps")
        else:
            self.click(".o_navbar_apps_menu button")
        self.click(".o_app", name)

    def picture(self, *words):
        name = re.sub(r"\W+", "-", " ".join(words)).strip("-")[:60]
        self.browser.screenshot(self.folder / f"{self.clicks:02}-{name}.png")

    def card(self, name, below=""):
        return f'.o_marketing_activity_card[data-name="{name}"]{below}'

    def write_step(self, name, subject, text):
        """Fill in the dialog of a step that sends an email of one's own."""
        self.browser.wait_for(".modal .o_field_widget[name=name] input:focus")
        self.browser.type(name)
        self.click(OPEN_EDITOR)
        self.browser.wait_for(".modal .o_field_widget[name=subject] input:focus")
        self.browser.replace(subject)
        self.click(".modal [data-name=basic]")
        self.click(TEXT, frame=FRAME)
        self.browser.type(text)
        self.click(f"{SAVE}:not(.modal:has(~ .modal) *)")
        self.browser.wait_gone(".modal .o_field_widget[name=subject]")
        self.click(SAVE)
        self.browser.wait_gone(".modal")
        self.browser.wait_for(self.card(name))


@pytest.fixture(params=WIDTHS)
def walk(request, odoo_server, tmp_path):
    """A Walk of a marketer with no other right, logged in, where two contacts are in Belgium."""
    with walking(odoo_server, tmp_path, request.param) as walk:
        yield walk


@contextmanager
def walking(server, folder, width):
    """Give a Walk as the fixture does.

    :param server: a RealOdoo that nobody has walked through before
    :param folder: where the pictures go
    :param width: of the window, in pixels
    """
    countries = server.rpc("res.country", "search", [("code", "=", "BE")])
    people = [{"name": name, "email": f"{name.lower()}@people.example.com"} for name in ("Ada", "Ben")]
    server.rpc("res.partner", "create", [{**person, "country_id": countries[0]} for person in people])
    server.marketer("res.users", "context_get")
    # OdooBot has introduced itself: on a phone it does so over all else, the first time that somebody comes
    users = server.rpc("res.users", "search", [("login", "=", MARKETER)])
    server.rpc("res.users", "write", users, {"odoobot_state": "disabled"})
    with running_browser(folder / "browser") as browser:
        browser.resize(width, HEIGHT)
        browser.open(f"{server.url}/web/login")
        browser.fill("input[name=login]", MARKETER)
        browser.fill("input[name=password]", MARKETER)
        browser.click(".oe_login_buttons button")
        browser.wait_for(HOME)
        yield Walk(browser, folder / "pictures")


def test_ten_minutes(walk, odoo_server, smtp_sink, capsys):
    plan_campaign(walk)
    try_on_oneself(walk, smtp_sink)
    start(walk, smtp_sink)
    with capsys.disabled():
        print(f"\n{walk.clicks} clicks; their pictures are in {walk.folder}")
    assert walk.clicks <= MOST_CLICKS
    assert not walk.browser.errors
    log = odoo_server.log()
    assert " ERROR " not in log
    assert "odoo.domains" not in log, "records that are not saved yet are no values of a domain"


def plan_campaign(walk):
    browser = walk.browser
    walk.open_app("Marketing Automation")
    walk.click(".o-kanban-button-new")
    browser.wait_for(".o_field_widget[name=name] :focus")
    browser.type("Autumn fair")
    walk.click(".o_field_widget[name=domain] button", "Add condition")
    walk.click(".o_field_widget[name=domain] .o_tree_editor .o-autocomplete--input")
    browser.type("Belgium")
    walk.click(".o-autocomplete--dropdown-item", "Belgium")
    browser.wait_for(".o_field_widget[name=domain]", "2 record(s)")
    walk.click(".o_marketing_workflow button", "Add the first activity")
    walk.click(EMAIL)
    walk.write_step("Invitation", "Come to our autumn fair", f"It opens on Friday: {FAIR} See you there. ")
    for trigger, name, subject, text in (
        ("Clicked", "Thanks", "Nice that you come", "We keep a seat for you. "),
        ("Not clicked", "Reminder", "Friday is near", f"There is still time: {FAIR} Shall we keep a seat for you? "),
    ):
        walk.click(f"{walk.card('Invitation')} + .o_marketing_activity_add_child")
        walk.click(".o_marketing_palette label", trigger)
        walk.click(EMAIL)
        walk.write_step(name, subject, text)


def try_on_oneself(walk, smtp_sink):
    browser = walk.browser
    walk.press_button("action_launch_test")
    browser.wait_for(".modal .o_field_widget[name=resource_ref]")
    walk.click(".modal button[name=action_launch_test]")
    walk.click(".o_marketing_timeline_step[data-name=Invitation] .o_marketing_timeline_run")
    browser.wait_for(".o_marketing_timeline_step[data-name=Invitation][data-state=processed]")
    read_mail(*mails(smtp_sink, "mara@", "Come to our autumn fair"))
    walk.click(".o_marketing_timeline_step[data-name=Thanks] .o_marketing_timeline_run")
    browser.wait_for(".o_marketing_timeline_step[data-name=Thanks][data-state=processed]")
    assert mails(smtp_sink, "mara@", "Nice that you come")
    walk.go_back("Autumn fair")


def start(walk, smtp_sink):
    browser = walk.browser
    walk.click("button[name=action_open_start]")
    browser.wait_for(".modal .o_field_widget[name=enroll_count]", "2")
    walk.click(".modal button[name=action_start]")
    browser.wait_gone(".modal")
    browser.wait_in_sight(".o_marketing_workflow")  # where the numbers are
    browser.wait_for(walk.card("Invitation", " [data-metric=sent]"), "2")
    [ada] = mails(smtp_sink, "ada@", "Come to our autumn fair")
    assert "It opens on Friday" in ada.get_body(("html",)).get_content()
    read_mail(ada)
    for metric in ("open", "click"):
        browser.wait_for(walk.card("Invitation", f" [data-metric={metric}]"), "50")
    browser.wait_for(walk.card("Thanks", " [data-metric=sent]"), "1")
    assert mails(smtp_sink, "ada@", "Nice that you come")
    assert not mails(smtp_sink, "ben@", "Nice that you come")
    walk.picture("numbers")


def mails(smtp_sink, address, subject):
    """:return: what somebody got with a subject; Odoo's digest may be among the others"""
    return [mail for mail in smtp_sink.messages if address in str(mail["To"]) and mail["Subject"] == subject]


def read_mail(mail):
    """Load the pictures and follow the link, as who reads it does."""
    urls = LOCAL.findall(mail.get_body(("html",)).get_content())
    [link] = [url for url in urls if "/r/" in url]
    [pixel] = [url for url in urls if "/mail/track/" in url]
    assert fetch(pixel) == (200, None)
    status, location = fetch(link)
    assert status == 301
    assert location.startswith(FAIR)
