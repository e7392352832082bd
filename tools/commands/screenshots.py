"""bin/screenshots: pictures of every screen with the demo's data, wide and narrow, for the guides.

The demo's story is drawn with a fixed seed, so that pictures change where screens do, and dates.
"""

import argparse
import itertools
import json
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from .. import demo_database
from ..browser import running_browser
from ..chromium import browser_environment
from ..console import Problem, guarded, step, telling_line
from ..paths import LOGS, ROOT
from ..ports import LOOPBACK, free_port, wait_for_page
from ..processes import background
from ..signals import raise_on_end
from ..workspace import workspace

DATABASE = "marketing_automation_screens"
IMAGES = ROOT / "docs/images"
DESCRIPTION = ROOT / "marketing_automation/static/description"  # what Apps shows
DESCRIBED = {"campaign": "workflow.png", "new": "templates.png", "test": "test.png"}
COLOURS = 128  # of a picture: enough for screens, a third of the size
WIDTHS = {"": 1280, "-narrow": 400}  # by what follows a picture's name; pixels
LOWEST, HIGHEST = 800, 2600  # pixels of a picture
# What ends a page, measured while it has all the room that a picture may have
ENDS = [
    *(".o_form_sheet", ".o_kanban_record", ".o_list_table tr", ".o_pivot"),
    *(".app_settings_block:not(.d-none) .o_setting_box", ".o_marketing_campaign_template", ".o-dropdown--menu"),
]
HEIGHT = f"""
Math.ceil(Math.max(0, ...[...document.querySelectorAll(
    document.querySelector(".modal") ? ".modal-body" : {json.dumps(", ".join(ENDS))}
)].map(
    (element) => element.matches(".modal-body") ? element.scrollHeight + 200 : element.getBoundingClientRect().bottom
))) + 24
"""
UP = "document.querySelectorAll('*').forEach((element) => element.scrollTo(0, 0))"
ADMINISTRATOR = "admin"  # also the password, as in every demo
NO_SCREENS = {"log_in", "choose_language"}  # methods of Screens
CALL = """
(async () => {
    const response = await fetch("/web/dataset/call_kw", {
        method: "POST",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({jsonrpc: "2.0", params: %s}),
    });
    return JSON.stringify(await response.json());
})()
"""


class Screens:
    """The screens of the app, each in a method named as its picture; they may be taken again."""

    def __init__(self, browser, url):
        self._browser = browser
        self._url = url
        self._login = None

    # ------------------------------------------------------------
    # What they need
    # ------------------------------------------------------------

    def log_in(self, login):
        self._login = login
        self._browser.evaluate("localStorage.clear()")  # else the page offers those who were here before
        self._browser.open(f"{self._url}/web/session/logout")
        self._browser.fill("input[name=login]", login)
        self._browser.fill("input[name=password]", login)
        self._browser.click(".oe_login_buttons button")
        self._browser.wait_for(".o_main_navbar, .o_navbar")

    def choose_language(self, code):
        """Have who is logged in read Odoo in a language from the next login on."""
        [user] = self._call("res.users", "search", [["login", "=", self._login]])
        self._call("res.users", "write", [user], {"lang": code})

    def _open(self, path, selector, text=""):
        self._browser.open(f"{self._url}/odoo/{path}")
        self._browser.wait_for(selector, text)

    def _call(self, model, method, *args, **kwargs):
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        answer = json.loads(self._browser.evaluate(CALL % json.dumps(params)))
        if "error" in answer:
            raise Problem(f"{model}.{method}: {answer['error']['data']['message']}")
        return answer["result"]

    def _campaign(self, name):
        [number] = self._call("marketing.campaign", "search", [["name", "=", name]])
        return number

    def _open_campaign(self, name, selector=".o_marketing_activity_card"):
        self._open(f"marketing-automation/{self._campaign(name)}", selector)

    # ------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------

    def dashboard(self):
        self._open("marketing-automation", ".o_kanban_record")

    def new(self):
        self.dashboard()
        self._browser.click(".o-kanban-button-new")
        self._browser.wait_for(".o_dialog .o_marketing_campaign_template")

    def campaign(self):
        self._open_campaign("Autumn catalog")
        self._browser.settle()

    def draft(self):
        self._open_campaign("Commercial prospection")
        self._browser.settle()

    def activity(self):
        self.campaign()
        self._browser.click('.o_marketing_activity_card[data-name="Reminder"] .o_marketing_activity_edit')
        self._browser.wait_for(".o_dialog .o_field_widget[name=name]")

    def child(self):
        self.campaign()
        self._browser.click('.o_marketing_activity_card[data-name="Reminder"] + .o_marketing_activity_add_child')
        self._browser.wait_for(".o-dropdown--menu .dropdown-item")

    def template(self):
        """The editor of an email, in which templates are made."""
        number = self._campaign("Autumn catalog")
        [activity] = self._call(
            "marketing.activity",
            "search_read",
            [["campaign_id", "=", number], ["name", "=", "Reminder"]],
            ["mass_mailing_id"],
        )
        self._open(f"m-mailing.mailing/{activity['mass_mailing_id'][0]}", ".o_form_view .o_field_widget[name=subject]")

    def start(self):
        self.draft()
        self._browser.click("button[name=action_open_start]")
        self._browser.wait_for(".o_dialog button[name=action_start]")

    def update(self):
        number = self._campaign("Newsletter: welcome")
        if len(self._call("marketing.activity", "search", [["campaign_id", "=", number]])) == 2:
            [welcome] = self._call(
                "marketing.activity", "search", [["campaign_id", "=", number], ["trigger_type", "=", "begin"]]
            )
            [activity] = self._call("marketing.activity", "read", [welcome], ["mass_mailing_id"])
            copy = self._call("mailing.mailing", "copy", [activity["mass_mailing_id"][0]], {"subject": "A week later"})
            values = {"campaign_id": number, "parent_id": welcome, "name": "A week later", "activity_type": "email"}
            values |= {"trigger_type": "activity", "interval_number": 1, "interval_type": "weeks"}
            values |= {"mass_mailing_id": copy[0] if isinstance(copy, list) else copy}
            self._call("marketing.activity", "create", [values])
        self._open_campaign("Newsletter: welcome")
        self._browser.click("button[name=action_open_update]")
        self._browser.wait_for(".o_dialog button[name=action_update]")

    def test(self):
        number = self._campaign("Autumn catalog")
        tests = self._call("marketing.campaign.test", "search", [["campaign_id", "=", number]])
        if not tests:
            [contact] = self._call("res.partner", "search", [["email", "=", "amelie.laurent@example.com"]])
            [test] = self._call("marketing.campaign.test", "create", [{"campaign_id": number, "res_id": contact}])
            self._call("marketing.campaign.test", "action_launch_test", [test])
        [participant] = self._call(
            "marketing.participant", "search", [["campaign_id", "=", number], ["is_test", "=", True]], limit=1
        )
        self._open(f"marketing-participants/{participant}", ".o_marketing_timeline_step")

    def participant(self):
        number = self._campaign("Autumn catalog")
        domain = [["campaign_id", "=", number], ["activity_id.name", "=", "Ask whether to go on"]]
        [trace] = self._call("marketing.trace", "search_read", domain, ["participant_id"], limit=1)
        self._open(f"marketing-participants/{trace['participant_id'][0]}", ".o_marketing_timeline_step")

    def participants(self):
        self._open("marketing-participants", ".o_graph_renderer canvas, .o_list_view, .o_pivot, .o_kanban_view")

    def traces(self):
        self._open("marketing-traces", ".o_graph_renderer canvas")

    def clicks(self):
        self._open("marketing-clicks", ".o_graph_renderer canvas, .o_list_view")

    def contact(self):
        domain = [["campaign_id", "=", self._campaign("Autumn catalog")], ["is_test", "=", False]]
        [participant] = self._call("marketing.participant", "search_read", domain, ["res_id"], limit=1)
        self._open(f"m-res.partner/{participant['res_id']}", ".o_form_view .oe_stat_button")

    def settings(self):
        self._open("settings", ".settings")
        self._browser.click(".settings_tab .tab[data-key=marketing_automation]")


def screen_names():
    """:return: the names of all screens"""
    return [name for name in vars(Screens) if not name.startswith("_") and name not in NO_SCREENS]


def user_of(screen):
    """:return: the login, also the password, of whom a screen is for"""
    return ADMINISTRATOR if screen == "settings" else demo_database.MARKETER


def main(arguments):
    parser = argparse.ArgumentParser(prog="bin/screenshots", description="Take the pictures of the guides anew.")
    parser.add_argument("screens", nargs="*", metavar="SCREEN", help="only these; by default all")
    parser.add_argument("--keep", action="store_true", help="use the database of the last run, as it is")
    options = parser.parse_args(arguments)
    names = screen_names()
    if unknown := set(options.screens) - set(names):
        raise Problem(f"no screen {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    with workspace() as space, tempfile.TemporaryDirectory() as profile:
        os.environ |= browser_environment(space.source)
        demo_database.prepare(space, DATABASE, demo=True, reset=not options.keep)
        with served(space, DATABASE) as url, running_browser(Path(profile) / "browser") as browser:
            take(Screens(browser, url), browser, options.screens or names)


@contextmanager
def served(space, database):
    """Serve a database without scheduled actions, so that nothing moves; give the address."""
    port, path = free_port(), LOGS / "odoo-screenshots.log"
    options = ("-d", database, "--db-filter", f"^{database}$", "--http-port", str(port), "--max-cron-threads=0")
    with (
        path.open("wb") as log,
        background(space.odoo_command(*options), env=space.environment(), stdout=log, stderr=log) as odoo,
    ):
        if not wait_for_page(port, "/web/login", odoo):
            raise Problem(f"Odoo does not start: {telling_line(path.read_text(errors='replace'))}")
        yield f"http://{LOOPBACK}:{port}"


def take(screens, browser, names):
    """Take the pictures of these screens.

    :raise Problem: when a page's console complains
    """
    IMAGES.mkdir(exist_ok=True)
    for login, of_user in itertools.groupby(sorted(names, key=user_of), user_of):
        browser.resize(WIDTHS[""], LOWEST)
        screens.log_in(login)
        for name in of_user:
            with step(f"Screen: {name}"):
                for suffix, width in WIDTHS.items():
                    browser.resize(width, LOWEST)
                    getattr(screens, name)()
                    browser.settle()
                    if not browser.evaluate("!!document.querySelector('.modal')"):
                        browser.resize(width, HIGHEST)
                        browser.settle()
                    browser.resize(width, min(max(browser.evaluate(HEIGHT), LOWEST), HIGHEST))
                    browser.evaluate(UP)
                    browser.settle()
                    picture = IMAGES / f"{name}{suffix}.png"
                    browser.screenshot(picture)
                    Image.open(picture).convert("RGB").quantize(COLOURS).save(picture, optimize=True)
                    if not suffix and name in DESCRIBED:
                        shutil.copy(picture, DESCRIPTION / DESCRIBED[name])
            if browser.errors:
                raise Problem(f"the console complains: {browser.errors}")


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
