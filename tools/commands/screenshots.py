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
from ..mail_catcher import mail_catcher
from ..paths import LOGS, ROOT
from ..ports import LOOPBACK, free_port, wait_for_page
from ..processes import background
from ..screens import Screens, screen_names, user_of
from ..signals import raise_on_end
from ..workspace import workspace

DATABASE = "marketing_automation_screens"
IMAGES = ROOT / "docs/images"
DESCRIBED = {  # what Apps shows, by screen
    "campaign": "marketing_automation/static/description/workflow.png",
    "templates": "marketing_automation/static/description/templates.png",
    "rejection": "marketing_automation/static/description/test.png",
    "sms_activity": "marketing_automation_sms/static/description/activity.png",
    "leads": "marketing_automation_crm/static/description/leads.png",
}
COLOURS = 128  # of a picture: enough for screens, a third of the size
WIDTHS = {"": 1400, "-narrow": 400}  # by what follows a picture's name; pixels
LOWEST, HIGHEST = 800, 2600  # pixels of a picture
# What ends a page, measured while it has all the room that a picture may have
ENDS = [
    *(".o_form_sheet", ".o_kanban_record", ".o_list_table tr:nth-child(-n + 20)", ".o_pivot"),
    *(".app_settings_block:not(.d-none) .o_setting_box", ".o_marketing_campaign_template", ".o-dropdown--menu"),
    ".o_marketing_palette",
]
HEIGHT = f"""
Math.ceil(Math.max(0, ...[...document.querySelectorAll(
    document.querySelector(".modal") ? ".modal-body" : {json.dumps(", ".join(ENDS))}
)].map(
    (element) => element.matches(".modal-body") ? element.scrollHeight + 200 : element.getBoundingClientRect().bottom
))) + 24
"""
UP = "document.querySelectorAll('*').forEach((element) => element.scrollTo(0, 0))"


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
    """Serve a database without scheduled actions, so that nothing moves, and with a mail catcher; give the address."""
    port, path = free_port(), LOGS / "odoo-screenshots.log"
    options = ["-d", database, "--db-filter", f"^{database}$", "--http-port", str(port), "--max-cron-threads=0"]
    with (
        mail_catcher() as catcher,
        path.open("wb") as log,
        background(
            space.odoo_command(*options, "--smtp-port", str(catcher.smtp_port)),
            env=space.environment(),
            stdout=log,
            stderr=log,
        ) as odoo,
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
                        shutil.copy(picture, ROOT / DESCRIBED[name])
            if browser.errors:
                raise Problem(f"the console complains: {browser.errors}")


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
