"""Every screen of the app with the demo's data, as a marketer sees it in Chromium, wide and narrow: for people who
cannot see well or use no mouse (WCAG 2.2, level AA), and for those who do not read English."""

import json
import re

import polib
import pytest

from tools import demo_database
from tools.browser import running_browser
from tools.commands.screenshots import WIDTHS, served
from tools.console import run_logged
from tools.javascript_tools import axe_source
from tools.paths import ROOT
from tools.screens import Screens, screen_names, user_of

HEIGHT = 900
LANGUAGE = "fr_FR"
# What we draw ourselves; what Odoo puts around it, and its widgets, have faults of their own that we cannot mend.
OURS = [
    *(".o_marketing_workflow", ".o_marketing_timeline", ".o_marketing_campaign_templates", ".o_marketing_muted"),
    ".o_kanban_view .o_kanban_record",
    ".o_dialog .modal-body",
    ".o_marketing_campaign_form .o_group",
    ".o_marketing_campaign_form .o_statusbar_buttons",
    ".app_settings_block[data-key=marketing_automation]",
    "button[name=action_view_marketing_participants]",
]
ODOO_OWN = [
    *(".o_form_label", ".o_field_badge", ".o-mail-Avatar", ".o_field_domain", ".o-autocomplete", ".o_select_menu"),
    "button:has(> .o_mass_mailing_add_filter)",
    *(".o_searchview", ".o_setting_right_pane > .text-muted", ".o_model_field_selector"),
    *(".o_optional_columns_dropdown", ".o_control_panel_navigation > .btn-secondary"),  # without names
]
AXE = """
(async () => {
    const behind = document.querySelector(".o_dialog") ? ".o_action_manager" : "[no-such-thing]";  // out of reach
    const [ours, odoo] = %s.map(
        (selectors) => [...document.querySelectorAll(selectors)].filter((element) => !element.closest(behind))
    );
    if (!ours.length) {
        return "[]";
    }
    const found = await axe.run(
        {include: ours, exclude: [...odoo, ...document.querySelectorAll(behind)]},
        {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}},
    );
    return JSON.stringify(found.violations.flatMap((rule) => rule.nodes.map(
        (node) => [rule.id, node.target.join(" "), node.html.slice(0, 200), node.failureSummary],
    )));
})()
"""
# What is read on a page: the texts that are seen, and what fields and pictures are called. Messages stay as they were
# posted; the records that Odoo makes up behind an empty list have names in every language.
TEXTS = """
JSON.stringify([...new Set([
    ...document.querySelectorAll("body *:not(.o-mail-Message *, .o_view_sample_data .o_data_row *)"),
].filter(
    (element) => element.checkVisibility({opacityProperty: true, visibilityProperty: true})
).flatMap((element) => [
    ...[...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data),
    ...["placeholder", "title", "aria-label", "alt", "data-tooltip"].map((name) => element.getAttribute(name)),
]).map((text) => (text || "").trim().replace(/\\s+/g, " ")).filter(Boolean))])
"""

# Where people's own words are
WRITTEN = [
    *(("marketing_campaign", "name"), ("marketing_activity", "name"), ("mailing_mailing", "subject")),
    *(("ir_act_server", "name->>'en_US'"), ("res_partner", "complete_name"), ("utm_tag", "name->>'en_US'")),
    *(("res_company", "name"), ("mailing_filter", "name"), ("crm_lead", "name"), ("res_partner", "email")),
    *(("res_partner_category", "name->>'en_US'"), ("mail_activity", "summary")),
    # what a card shows of a message, and a graph of its activities and links
    *(
        ("mailing_mailing", "preview"),
        ("mailing_mailing", "replace(email_from, '\"', '')"),
        ("mailing_mailing", "body_plaintext"),
    ),
    *(("link_tracker", "url"), ("res_lang", "name")),
    ("marketing_activity a JOIN marketing_campaign c ON c.id = a.campaign_id", "a.name || ' · ' || c.name"),
]
# What Odoo itself does not translate: parts of a switch's and a breadcrumb's tooltip, its domain editor's paths, and
# the alphabet of a text message
ODOO_ENGLISH = re.compile(r'Kanban View|Back to ".*|ID = \( \)|GSM7')
SEARCHED = {"empty"}  # what the screens search for
WORKFLOW = ".o_marketing_workflow"
NAME = "(element.getAttribute('aria-label') || element.innerText).trim()"
BUTTONS = f"""
JSON.stringify([...document.querySelectorAll("{WORKFLOW} button")].filter(
    (element) => element.checkVisibility() && !element.disabled && element.tabIndex >= 0
).map((element) => {NAME}))
"""
# What the keyboard is at: its name, and whether one sees that it is
FOCUSED = f"""
((element) => {{
    const {{ outlineStyle, boxShadow }} = getComputedStyle(element);
    return JSON.stringify([{NAME}, outlineStyle !== "none" || boxShadow !== "none"]);
}})(document.activeElement)
"""
# The last thing before the workflow that the keyboard can be at
FOCUSABLE_BEFORE = f"""
[...document.querySelectorAll("a[href], button, input, select, textarea, [tabindex]")].filter(
    (element) => element.checkVisibility() && !element.disabled && element.tabIndex >= 0
        && document.querySelector("{WORKFLOW}").compareDocumentPosition(element) & Node.DOCUMENT_POSITION_PRECEDING
        && !element.contains(document.querySelector("{WORKFLOW}"))
).pop()
"""


@pytest.fixture(scope="module")
def demo(lived_demo):
    """The address of a server with the demo, the Workspace and the name of its database."""
    space, name, _moment = lived_demo
    load = space.odoo_command("i18n", "loadlang", "-d", name, "-l", LANGUAGE)
    run_logged("loadlang", load, env=space.environment())
    with served(space, name) as address:
        yield address, space, name


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with running_browser(tmp_path_factory.mktemp("browser") / "profile") as browser:
        browser.login = None
        yield browser


@pytest.fixture(params=screen_names())
def screen(request, demo, browser):
    """A function that opens a screen, as the one whom it is for, at a width in pixels."""
    url, _space, _database = demo
    screens, login = Screens(browser, url), user_of(request.param)
    browser.resize(WIDTHS[""], HEIGHT)
    if browser.login != (login, "en_US"):
        screens.log_in(login)
        browser.login = (login, "en_US")

    def open_screen(width):
        browser.resize(width, HEIGHT)
        getattr(screens, request.param)()
        browser.settle()

    open_screen.name = request.param
    return open_screen


@pytest.mark.parametrize("width", WIDTHS.values())
def test_accessible(screen, browser, width):
    screen(width)
    browser.evaluate(f"{axe_source()};0")
    assert not json.loads(browser.evaluate(AXE % json.dumps([OURS, ODOO_OWN])))
    assert not browser.errors


def test_by_keyboard(demo, browser):
    """Every button of the workflow is reached in the order in which it is read, shows that it is, and does its work."""
    url, _space, _database = demo
    screens = Screens(browser, url)
    browser.resize(WIDTHS[""], HEIGHT)
    screens.log_in(demo_database.MARKETER)
    browser.login = (demo_database.MARKETER, "en_US")
    screens.draft()
    browser.settle()
    buttons = json.loads(browser.evaluate(BUTTONS))
    assert len(buttons) > 10
    browser.evaluate(f"{FOCUSABLE_BEFORE}.focus()")
    reached = []
    for _button in buttons:
        browser.press("Tab")
        reached.append(json.loads(browser.evaluate(FOCUSED)))
    assert [name for name, _seen in reached] == buttons
    assert all(seen for _name, seen in reached), reached

    browser.evaluate(f"document.querySelector('{WORKFLOW} .o_marketing_activity_edit').focus()")
    browser.press("Enter")
    browser.wait_for(".o_dialog .o_field_widget[name=name]")
    assert browser.evaluate("!!document.activeElement.closest('.o_dialog')")
    browser.press("Escape")
    browser.wait_gone(".o_dialog")
    browser.settle()
    assert "Edit" in json.loads(browser.evaluate(FOCUSED))[0]
    browser.evaluate(f"document.querySelector('{WORKFLOW} .o_marketing_activity_add_child').focus()")
    browser.press("Enter")
    browser.wait_for(".o-dropdown--menu .dropdown-item")
    browser.press("ArrowDown")
    assert browser.evaluate("!!document.querySelector('.o-dropdown--menu .dropdown-item.focus')")
    browser.press("Escape")
    browser.wait_gone(".o-dropdown--menu")


@pytest.fixture(scope="module")
def texts(demo, browser):
    """What each screen says in English and in French, by language and screen."""
    url, _space, _database = demo
    screens, found = Screens(browser, url), {}
    browser.resize(WIDTHS[""], HEIGHT)
    for language in ("en_US", LANGUAGE):
        found[language] = {}
        for name in sorted(screen_names(), key=user_of):
            if browser.login != (user_of(name), language):
                screens.log_in(user_of(name))
                screens.choose_language(language)
                screens.log_in(user_of(name))
                browser.login = (user_of(name), language)
            getattr(screens, name)()
            browser.settle()
            found[language][name] = set(json.loads(browser.evaluate(TEXTS)))
    return found


def same_in_french(space):
    """:return: the texts that are the same words in French, for Odoo's translators and for us."""
    homes = [ROOT, *space.source.addons_paths]
    return {
        entry.msgid
        for home in homes
        for path in home.glob(f"*/i18n/{LANGUAGE[:2]}.po")
        for entry in polib.pofile(str(path))
        if entry.msgid == entry.msgstr
    }


def people_wrote(space, database):
    """:return: what the demo's people called their records: it stays in the language in which they wrote it."""
    statement = " UNION ".join(f"SELECT {column}::text FROM {table}" for table, column in WRITTEN)
    return {name for (name,) in space.databases.query(database, statement) if name}


def test_no_english_is_left(texts, demo):
    """A text that a screen has in both languages is one that is the same in French, or that people wrote."""
    _url, space, database = demo
    known = same_in_french(space) | people_wrote(space, database) | SEARCHED
    left = {}
    for name, english in texts["en_US"].items():
        for text in english & texts[LANGUAGE][name]:
            words = re.sub(r"\d+", "%s", text)  # as they are translated
            if re.search(r"[^\W\d_]{2}", text) and not {text, words} & known and not ODOO_ENGLISH.fullmatch(text):
                left.setdefault(text, []).append(name)
    assert not left, json.dumps(left, indent=1)
