"""Every screen of the app with the demo's data, as a marketer sees it in Chromium, wide and narrow: for people who
cannot see well or use no mouse (WCAG 2.2, level AA), and for those who do not read English."""

import itertools
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
ENGLISH, LANGUAGE = "en_US", "fr_FR"
# What we draw ourselves; what Odoo puts around it, and its widgets, have faults of their own that we cannot mend.
OURS = [
    *(".o_marketing_workflow", ".o_marketing_timeline", ".o_marketing_campaign_templates", ".o_marketing_muted"),
    ".o_kanban_view .o_kanban_record",
    *(".o_dialog .modal-body", ".o_marketing_palette", ".o_marketing_funnel", ".o_marketing_click_maps"),
    ".o_marketing_campaign_form .o_group",
    ".o_marketing_campaign_form .o_statusbar_buttons",
    ".app_settings_block[data-key=marketing_automation]",
    "button[name=action_view_marketing_participants]",
]
ODOO_OWN = [
    *(".o_form_label", ".o_field_badge", ".o-mail-Avatar", ".o_field_domain", ".o-autocomplete", ".o_select_menu"),
    ".o_tag",
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
    *(("res_partner_category", "name->>'en_US'"), ("mail_activity", "summary"), ("marketing_activity_branch", "name")),
    # what a card shows of a message, and a graph of its activities and links
    *(
        ("mailing_mailing", "preview"),
        ("mailing_mailing", "replace(email_from, '\"', '')"),
        ("mailing_mailing", "body_plaintext"),
    ),
    *(("link_tracker", "url"), ("link_tracker", "label"), ("res_lang", "name")),
    ("marketing_activity a JOIN marketing_campaign c ON c.id = a.campaign_id", "a.name || ' · ' || c.name"),
]
# What Odoo itself does not translate: parts of a switch's and a breadcrumb's tooltip, its domain editor's paths, and
# the alphabet of a text message
ODOO_ENGLISH = re.compile(r'Kanban View|Back to ".*|ID = \( \)|GSM7')
FRENCH = re.compile(r"[à-ÿœ«»]|\b(janv|févr|avr|juil|sept|oct|nov|déc)\.")  # no word of English
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
        yield browser


class Visits:
    """The screens, each opened once at a width in a language, for whatever is asked about it."""

    def __init__(self, browser, url):
        self.browser = browser
        self.screens = Screens(browser, url)
        self.reader = None  # the login and the language of whoever is logged in
        self.languages = {}  # by login
        self.found = {}

    def log_in(self, login, language=ENGLISH):
        if self.reader != (login, language):
            self.browser.resize(WIDTHS[""], HEIGHT)
            self.screens.log_in(login)
            self.screens.choose_language(language)
            if self.languages.get(login, ENGLISH) != language:
                self.screens.log_in(login)
            self.languages[login] = language
            self.reader = (login, language)

    def texts_of(self, name, width, language):
        """:return: the texts that a screen shows"""
        return self._visit(name, width, language)[0]

    def faults_of(self, name, width, language):
        """:return: what keeps people from reading or using a screen, and what its console complains about"""
        return self._visit(name, width, language)[1]

    def _visit(self, name, width, language):
        if (name, width, language) not in self.found:
            self.log_in(user_of(name), language)
            self.browser.resize(width, HEIGHT)
            getattr(self.screens, name)()
            self.browser.settle()
            texts = set(json.loads(self.browser.evaluate(TEXTS)))
            self.browser.evaluate(f"{axe_source()};0")
            faults = json.loads(self.browser.evaluate(AXE % json.dumps([OURS, ODOO_OWN]))) + self.browser.errors
            self.browser.errors = []
            self.found[name, width, language] = texts, faults
        return self.found[name, width, language]


@pytest.fixture(scope="module")
def visits(demo, browser):
    url, _space, _database = demo
    return Visits(browser, url)


# What is longer has less room: the wide screens, which show most, are read in French, the narrow ones in English
READ = {WIDTHS[""]: LANGUAGE, WIDTHS["-narrow"]: ENGLISH}
# Those of a user at a width come after each other: the web client is loaded once for them. What screens make is made in
# English, which comes first.
ALL = sorted(itertools.product(screen_names(), READ), key=lambda screen: (user_of(screen[0]), screen[1]))


@pytest.mark.parametrize(("name", "width"), ALL)
def test_accessible(visits, width, name):
    assert not visits.faults_of(name, width, READ[width])


def test_by_keyboard(visits, browser):
    """Every button of the workflow is reached in the order in which it is read, shows that it is, and does its work."""
    visits.log_in(demo_database.MARKETER)
    browser.resize(WIDTHS[""], HEIGHT)
    visits.screens.draft()
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
    browser.wait_for(".o_marketing_palette [role=combobox]:focus")
    chosen = "document.querySelector('.o_marketing_palette [aria-selected=true]').dataset.type"
    first = browser.evaluate(chosen)
    browser.press("ArrowDown")
    browser.settle()
    assert browser.evaluate(chosen) != first
    browser.press("Escape")
    browser.wait_gone(".o_marketing_palette")
    browser.wait_for(f"{WORKFLOW} .o_marketing_activity_add_child:focus")


def press_until(browser, name):
    """Press Tab until the keyboard is at what has this name."""
    seen = []
    while not (seen and name in seen[-1]):
        browser.press("Tab")
        seen.append(json.loads(browser.evaluate(FOCUSED))[0])
        assert len(seen) < 40, seen


def test_sample_by_keyboard(visits, browser):
    """A sample is sent for a record that one types, or chooses from the list; each dialog gives the keyboard back."""
    visits.log_in(demo_database.MARKETER)
    browser.resize(WIDTHS[""], HEIGHT)
    visits.screens.draft()
    edit, sample, record = ".o_marketing_activity_edit", ".o_marketing_template_sample", "[name=resource_ref] input"
    browser.evaluate(f"document.querySelector('{edit}').focus()")
    browser.press("Enter")
    browser.wait_for(".o_dialog [name=name] input:focus")
    browser.settle()
    press_until(browser, "Send me a sample")
    browser.press("Enter")
    browser.wait_for(f"{record}:focus")
    chosen = [browser.evaluate(f"document.querySelector('{record}').value")]
    for place in ("typed", "list"):
        browser.replace("")
        browser.type("an")
        browser.wait_for(".o-autocomplete--dropdown-item", "Search more")
        browser.settle()
        if place == "typed":
            browser.press("ArrowDown")
        else:
            while "Search" not in (browser.evaluate("document.querySelector('.ui-state-active')?.innerText") or ""):
                browser.press("ArrowDown")
                browser.settle()  # the list marks its line a moment later
        browser.press("Enter")
        if place == "list":
            browser.wait_for(".o_dialog .o_data_row")
            browser.settle()
            while not browser.evaluate("document.activeElement.matches('.o_searchview_input')"):
                browser.press("Tab")
            while not browser.evaluate("document.activeElement.matches('.o_data_cell')"):
                browser.press("ArrowDown")
            browser.press("Enter")
            browser.wait_gone(".o_dialog .o_data_row")
        browser.wait_for(f"{record}:focus")
        browser.settle()
        chosen.append(browser.evaluate(f"document.querySelector('{record}').value"))
    assert len(set(chosen)) == 3, chosen
    browser.press("Escape")
    browser.wait_for(f"{sample}:focus")
    browser.press("Enter")
    browser.wait_for(f"{record}:focus")
    browser.settle()
    press_until(browser, "Send")
    browser.press("Enter")
    browser.wait_for(".o_notification", "The sample was sent to")
    browser.wait_for(f"{sample}:focus")
    browser.press("Escape")
    browser.wait_gone(".o_dialog")
    browser.wait_for(f"{edit}:focus")


def translations(space):
    """:return: the texts that are the same words in French, for Odoo's translators and for us; those that are not"""
    homes, same, french = [ROOT, *space.source.addons_paths], set(), set()
    for home in homes:
        for path in home.glob(f"*/i18n/{LANGUAGE[:2]}.po"):
            for entry in polib.pofile(str(path)):
                words = " ".join(entry.msgstr.split())  # as TEXTS
                (same if entry.msgid == entry.msgstr else french).add(words)
    return same, french


def people_wrote(space, database):
    """:return: what the demo's people called their records: it stays in the language in which they wrote it."""
    statement = " UNION ".join(f"SELECT {column}::text FROM {table}" for table, column in WRITTEN)
    return {name for (name,) in space.databases.query(database, statement) if name}


def test_no_english_is_left(visits, demo):
    """A text that screens have in both languages is one that is the same in French, or that people wrote.

    What only wide screens show, and nobody translated as it stands, is looked for where it is read in English, too.
    """
    _url, space, database = demo
    names = sorted(screen_names(), key=user_of)
    french, english = (
        {name: visits.texts_of(name, width, language) for name in names} for width, language in READ.items()
    )
    same, translated = translations(space)
    written = people_wrote(space, database)  # some screens write records
    known = same | written | SEARCHED
    narrow, left, doubtful = set().union(*english.values()), {}, {}
    for name in names:
        for text in french[name]:
            words = re.sub(r"\d+", "%s", text)  # as they are translated
            if not re.search(r"[^\W\d_]{2}", text) or {text, words} & known or ODOO_ENGLISH.fullmatch(text):
                continue
            if text in narrow:
                left.setdefault(text, []).append(name)
            elif not FRENCH.search(text) and text not in translated and not about(text, written) & translated:
                doubtful.setdefault(text, set()).add(name)
    while doubtful:
        name = max(names, key=lambda name: sum(name in where for where in doubtful.values()))
        shown = {text for text, where in doubtful.items() if name in where}
        for text in shown & visits.texts_of(name, WIDTHS[""], ENGLISH):
            left[text] = [name]
        doubtful = {text: where for text, where in doubtful.items() if text not in shown}
    assert not left, json.dumps(left, indent=1)


def about(text, names):
    """:return: the texts as they are translated, in which one of these names stands"""
    return {text.replace(name, "%s") for name in names if name in text}
