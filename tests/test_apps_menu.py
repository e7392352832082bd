"""The app as an administrator meets it: Odoo's placeholder among the Apps, a click, a campaign, an upgrade, the end."""

import subprocess
import sys

import pytest
from real_odoo import LOGIN, PASSWORD, real_odoo

from tools.browser import running_browser
from tools.odoo_source import odoo_source
from tools.paths import ODOO_CONF

APP = "Marketing Automation"
CARD = ".o_kanban_record:has([title='Marketing Automation'])"
HOME_MENU = ".o_navbar_apps_menu button"
OUR_TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname LIKE 'marketing%%'"


def make_stock_database(_databases, name):
    """An Odoo as anybody has it before they hear of us: our addons are not even on its path."""
    path = ",".join(map(str, odoo_source().addons_paths))
    command = [sys.executable, "-m", "odoo", "-c", ODOO_CONF, "-d", name, "-i", "base", "--addons-path", path]
    options = ["--stop-after-init", "--no-http", "--max-cron-threads=0"]
    subprocess.run([*command, *options], check=True, capture_output=True)


@pytest.fixture
def stock_odoo(smtp_sink, tmp_path):
    """A server that finds our addons, on a database that does not know them yet.

    Without scheduled actions: while one runs, Odoo refuses to install anything, and asks to try again.
    """
    options = ["--max-cron-threads=0"]
    with real_odoo(smtp_sink.port, tmp_path, make_stock_database, options, is_stock=True) as server:
        yield server


@pytest.fixture
def browser(tmp_path):
    with running_browser(tmp_path / "browser") as page:
        yield page


def errors(log):
    """:return: what the server complains about, without requests that met each other and were tried again"""
    return [line for line in log.splitlines() if " ERROR " in line and "odoo.sql_db: bad query" not in line]


def write_administrator(server, **values):
    [user] = server.rpc("res.users", "search", [("login", "=", LOGIN)])
    server.rpc("res.users", "write", [user], values)


def test_from_apps_to_the_first_campaign_and_away_again(stock_odoo, browser):
    def module():
        fields = "state, to_buy, license, application, latest_version"
        [row] = stock_odoo.query(f"SELECT {fields} FROM ir_module_module WHERE name = 'marketing_automation'")
        return row

    def see_apps():
        browser.open(f"{stock_odoo.url}/odoo/apps?debug=1")
        browser.fill(".o_searchview_input", APP)
        browser.click(".o_searchview_autocomplete .o-dropdown-item", APP)
        browser.wait_for(".o_pager_value", "1-1")

    def see_reloaded():
        """Wait for the page as well: to go on at once would have two pages build the same new assets."""
        browser.wait_gone(".o_modules_kanban")
        browser.wait_for(HOME_MENU)

    def choose_in_menu_of_card(entry):
        see_apps()
        browser.click(f"{CARD} .o_dropdown_kanban button")
        browser.click(".o-dropdown--menu .dropdown-item", entry)

    write_administrator(stock_odoo, tour_enabled=False)  # the pointer of Odoo's own tours lies upon the home menu
    # In developer mode from the first page on: Odoo keeps the menus that it saw, and shows them first.
    browser.open(f"{stock_odoo.url}/web/login?debug=1")
    browser.fill("input[name=login]", LOGIN)
    browser.fill("input[name=password]", PASSWORD)
    browser.click(".oe_login_buttons button")
    browser.wait_for(HOME_MENU)

    assert module()[:3] == ("uninstallable", True, "OEEL-1")
    see_apps()
    browser.wait_for(f"{CARD} a.btn-info", "Upgrade")
    browser.click(".o_menu_sections *", "Update Apps List")
    browser.click(".modal button[name=update_module]")
    browser.wait_gone(".modal")
    assert module()[:4] == ("uninstalled", False, "LGPL-3", True)

    see_apps()
    browser.click(f"{CARD} #module_info", "Module Info")
    browser.wait_for("[name=description_html] h2", "A campaign in three steps")
    see_apps()
    browser.click(f"{CARD} button[name=button_immediate_install]", "Activate")
    see_reloaded()
    assert module()[0] == "installed"
    write_administrator(stock_odoo, email="admin@company.example.com")  # who has none cannot send any
    browser.click(HOME_MENU)
    browser.click(".o-dropdown--menu .dropdown-item", APP)
    browser.click(".o_marketing_campaign_template", "Tag Hot Contacts")
    browser.wait_for(".o_form_view .o_marketing_activity_card")
    browser.click("button[name=action_open_start]")
    browser.click(".modal button[name=action_start]")
    browser.wait_for(".o_arrow_button_current", "Running")

    choose_in_menu_of_card("Upgrade")
    see_reloaded()
    [campaign] = stock_odoo.rpc("marketing.campaign", "search_read", [], ["name", "state"])
    assert campaign["state"] == "running"

    choose_in_menu_of_card("Uninstall")
    browser.click(".modal button[name=action_uninstall]")
    see_reloaded()
    assert module()[0] == "uninstalled"
    assert not stock_odoo.query(OUR_TABLES)
    see_apps()
    browser.wait_for(f"{CARD} button[name=button_immediate_install]", "Activate")
    browser.open(f"{stock_odoo.url}/odoo/email-marketing")
    browser.wait_for(".o_list_view .o_view_nocontent_smiling_face", "Create a Mailing")

    assert not browser.errors
    assert not errors(stock_odoo.log())
