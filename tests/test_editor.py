"""What a marketer types into an email arrives: in the real editor of Chromium, saved, opened again, sent by SMTP.

As a user with the app's group alone, on Odoo as it comes: one who is no template editor.
"""

import json
import os
import re

import pytest
from company import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, model_of
from lxml import etree, html
from modules import run_cron
from real_odoo import MARKETER, MARKETER_GROUP, real_odoo
from smtp_sink import running_sink

from tools.browser import CONTROL, running_browser
from tools.commands.screenshots import WIDTHS
from tools.screens import Screens

# All of Odoo's themes, and all emails of a card: otherwise those that begin differently, and the first email
IS_THOROUGH = bool(os.environ.get("MARKETING_THOROUGH"))
THEMES_TRIED = ("basic", "empty", "default", "newsletter")
HEIGHT = 900
SELLER = "sales_marketer"  # a marketer who also sells, and sees the cards about leads
TEMPLATE_EDITORS = "mail.group_mail_template_editor"
TYPED = 'Grüße & "1 < 2", 50 % für €5.'
EDITOR = ".modal:has(.modal-fullscreen)"
FRAME = f"{EDITOR} [name=body_arch] iframe"
BLOCKS = ".o_add_snippet_dialog iframe"
SUBJECT = f"{EDITOR} [name=subject] :is(input, textarea)"
ADDRESS = "ada@people.example.com"
QUESTION = ".modal:not(:has(form, .o_form_view, .modal-fullscreen))"
OVER_QUESTION = f".o-overlay-item:has({QUESTION}) ~ .o-overlay-item"
FIELDS = ".o_model_field_selector_popover"
THEMES = """
JSON.stringify([...document.querySelectorAll(".o_mail_theme_selector [data-name]")].map(({dataset}) => dataset.name))
"""
OFFERED = f"""
JSON.stringify([...document.querySelectorAll("{FIELDS} [data-name]")].map(({{dataset}}) => dataset.name))
"""
# How a text looks that is in a frame. Mail programs do not know colours that one can see through: Odoo writes for them
# what those are on white.
LOOK = """
((selector, text, frame) => {
    const page = document.querySelector(frame).contentDocument;
    const element = [...page.querySelectorAll(selector)].findLast((each) => each.textContent.includes(text));
    const style = element && page.defaultView.getComputedStyle(element);
    const [red, green, blue, alpha = 1] = style?.color.match(/[\\d.]+/g).map(Number) || [];
    const color = [red, green, blue].map((part) => Math.round(255 - (255 - part) * alpha));
    const names = ["fontSize", "fontStyle", "fontWeight", "textAlign"];
    return JSON.stringify([color, ...names.map((name) => style?.[name])]);
})(%s, %s, %s)
"""
# What the placeholders in a text read as, by what they are
WORDS = """
((frame) => {
    const page = document.querySelector(frame).contentDocument;
    const elements = [...page.querySelectorAll("[t-out]:empty")];
    const read = (element) => page.defaultView.getComputedStyle(element, "::before").content;
    return JSON.stringify(Object.fromEntries(elements.map((each) => [each.getAttribute("t-out"), read(each)])));
})(%s)
"""
PASTE = """
((html, frame) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/html", html);
    const page = document.querySelector(frame).contentDocument;
    const target = page.getSelection().anchorNode.parentElement;
    target.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData }));
})(%s, %s)
"""
# A mail as whoever received it reads it
SHOW = """
((html) => {
    document.querySelector("#received")?.remove();
    const frame = document.createElement("iframe");
    frame.id = "received";
    frame.width = 800;
    document.body.append(frame);
    frame.contentDocument.write(html);
})(%s)
"""

AT_REST = 1  # seconds without a change, after which the editor has taken over what was dropped into it


class Desk:
    """What somebody works with who writes emails: the browser, in which they have logged in, and a mail server."""

    def __init__(self, server, sink, browser):
        self.server, self.sink, self.browser = server, sink, browser
        self.login = None

    def log_in(self, login):
        """Log in as a user who may write no more than a few placeholders."""
        if login != self.login:
            Screens(self.browser, self.server.url).log_in(login)
            self.login = login
            [user] = self.server.rpc("res.users", "search", [("login", "=", login)])
            assert not self.server.rpc("res.users", "has_group", [user], TEMPLATE_EDITORS)

    def call(self, model, method, *args, **kwargs):
        """Call a method as whoever has logged in."""
        return self.server.call_as(self.login, model, method, *args, **kwargs)

    def open_campaign(self, number):
        self.browser.open(f"{self.server.url}/odoo/marketing-automation/{number}")
        self.browser.wait_for(".o_marketing_workflow")

    def open_email(self, activity, text=""):
        """Open the editor by the card of an activity, and wait for a text in its email."""
        self.browser.click(f'.o_marketing_activity_card[data-name="{activity}"] .o_marketing_activity_mail')
        self.browser.wait_for("p", text, frame=FRAME)

    def type(self, text, after=""):
        """Type at the end of the line in the middle of a paragraph."""
        self.go_to_end(after)
        self.browser.type(text)

    def go_to_end(self, after=""):
        self.browser.click("p", after, frame=FRAME)
        self.browser.press("End")

    def save(self):
        self.browser.click(f"{EDITOR} .o_form_button_save")
        self.browser.wait_gone(EDITOR)

    def leave(self):
        """Close the editor, in which nothing was changed: it does not ask."""
        self.browser.click(f"{EDITOR} .o_form_button_cancel")
        self.browser.wait_gone(EDITOR)

    def look(self, selector, text="", frame=FRAME):
        """:return: how the last such element looks that holds a text"""
        return json.loads(self.browser.evaluate(LOOK % tuple(map(json.dumps, (selector, text, frame)))))

    def send_sample(self, template, record):
        """Send a sample that is filled in from a record.

        :return: the HTML that arrived
        """
        values = {"mailing_id": template, "res_id": record, "recipient": "me@company.example.com"}
        wizard = self.call("marketing.sample", "create", values)
        before = len(self.sink.messages)
        self.call("marketing.sample", "action_send", [wizard])
        return _html_of(self.sink.wait_for(before + 1, 30)[-1])

    def check_received(self, received, typed, looks):
        """Check that what was typed arrived, that nothing is left to be filled in, and that it looks as it was written.

        :param looks: what :meth:`look` said in the editor, by its arguments
        """
        assert typed in _text_of(received)
        assert not re.search(r"t-out|\{\{|<t[ >]|contenteditable|data-oe-", received)
        self.browser.evaluate(SHOW % json.dumps(received))
        assert {place: self.look(*place, frame="#received") for place in looks} == looks


def _html_of(message):
    return message.get_body(("html",)).get_content()


def _text_of(body):
    """:return: what one reads, each white space as one blank"""
    root = html.fromstring(body)
    etree.strip_elements(root, "style", etree.Comment, with_tail=False)
    return " ".join(root.text_content().split())


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("editor")
    with (
        running_sink() as sink,
        real_odoo(sink.port, folder, options=("--max-cron-threads=0",)) as server,
        running_browser(folder / "profile") as browser,
    ):
        server.make_user(MARKETER, "Mara Marketer", MARKETER_GROUP)
        server.make_user(SELLER, "Sally Seller", MARKETER_GROUP, "sales_team.group_sale_salesman")
        browser.resize(WIDTHS[""], HEIGHT)
        desk = Desk(server, sink, browser)
        desk.log_in(MARKETER)
        yield desk
        assert not browser.errors


def _make_person(desk, model):
    """:return: the id of a record of a model that cards are for: Ada, of whom Sally takes care"""
    rpc, values = desk.server.rpc, {"name": "Ada"}
    if model != "mailing.contact":
        values["user_id"] = rpc("res.users", "search", [("login", "=", SELLER)])[0]
    if model == "crm.lead":
        values |= {"name": "Chairs", "contact_name": "Ada", "partner_id": _make_person(desk, "res.partner")}
    return rpc(model, "create", {**values, "email_from" if model == "crm.lead" else "email": ADDRESS})


def _make_campaign(desk, name, model, record):
    """Make a campaign for one record, as whoever has logged in."""
    values = {"name": name, "model_id": model_of(desk.server.rpc, model), "domain": repr([("id", "=", record)])}
    return desk.call("marketing.campaign", "create", values)


def _cards(desk, login):
    desk.log_in(login)
    return {card["key"] for card in desk.call("marketing.campaign", "get_campaign_templates")}


def _emails(desk, campaign):
    domain = [("campaign_id", "=", campaign), ("activity_type", "=", "email")]
    return desk.call("marketing.activity", "search_read", domain, ["name", "mass_mailing_id", "model_name"])


def test_template_cards(desk):
    """The emails of each card: written on, with a look into Settings before it is saved, opened again, and received."""
    marketers = _cards(desk, MARKETER)
    sellers = _cards(desk, SELLER) - marketers
    assert {"hot_contacts", "welcome", "double_optin", "prospection"} < marketers
    assert sellers == {"schedule_calls", "hot_leads"}
    for login, keys in ((MARKETER, marketers), (SELLER, sellers)):
        desk.log_in(login)
        for key in sorted(keys):
            campaign = desk.call("marketing.campaign", "create_from_template", key)["res_id"]
            emails = _emails(desk, campaign)
            if emails:
                desk.open_campaign(campaign)
            for email in emails if IS_THOROUGH else emails[:1]:
                desk.open_email(email["name"], "Hello")
                desk.type(TYPED, after="Hello")
                looks = {place: desk.look(*place) for place in (("p", TYPED), ("h1",), ("a.btn",))}
                desk.browser.click(f"{EDITOR} .nav-link[name=settings]")
                desk.browser.wait_for(f"{EDITOR} [name=reply_to_mode] input")
                desk.save()
                desk.open_email(email["name"], TYPED)
                desk.leave()
                received = desk.send_sample(email["mass_mailing_id"][0], _make_person(desk, email["model_name"]))
                desk.check_received(received, f"Hello Ada,{TYPED}", looks)


def _begin_with_theme(desk, theme):
    """Begin an email with a theme; with a block of text where it is an empty one."""
    browser = desk.browser
    browser.click(f"{EDITOR} .o_mail_theme_selector [data-name={theme}]")
    browser.wait_for(".odoo-editor-editable", frame=FRAME)
    if theme == "empty":
        browser.settle(AT_REST)
        browser.click(f"{EDITOR} .o_snippet[data-snippet-group=text]")
        browser.wait_for("[data-snippet-id=s_text_block]", frame=BLOCKS)
        browser.settle(AT_REST)
        browser.click("[data-snippet-id=s_text_block]", frame=BLOCKS)
        browser.wait_gone(".o_add_snippet_dialog")
        browser.settle(AT_REST)


def _check_question(desk):
    """Discard asks, and the buttons of a block, among them its deletion, do not lie over the question."""
    assert desk.browser.evaluate("document.querySelectorAll('.o_overlay_options').length")
    desk.browser.click(f"{EDITOR} .o_form_button_cancel")
    desk.browser.wait_for(f"{QUESTION} button", "Go on writing")
    assert not desk.browser.evaluate(f"document.querySelectorAll('{OVER_QUESTION}').length")
    desk.browser.click(f"{QUESTION} button", "Go on writing")
    desk.browser.wait_gone(QUESTION)


def test_themes(desk):
    """A new email with a theme of Odoo's, written in the dialog of a new step; the campaign sends them."""
    desk.log_in(MARKETER)
    browser, looks = desk.browser, {}
    campaign = _make_campaign(desk, "Themes", "res.partner", _make_person(desk, "res.partner"))
    desk.open_campaign(campaign)
    themes = [None]
    while themes:
        browser.click("button", "Add new activity")
        browser.click(".o_marketing_palette_type[data-type=email]")
        browser.click(".modal .o_marketing_template_write")
        browser.wait_for(f"{EDITOR} .o_mail_theme_selector")
        if themes == [None]:
            themes = json.loads(browser.evaluate(THEMES))
            assert set(THEMES_TRIED) < set(themes)
            themes = themes if IS_THOROUGH else list(THEMES_TRIED)
        theme = themes.pop(0)
        _begin_with_theme(desk, theme)
        desk.go_to_end()
        browser.type(TYPED)
        looks[theme] = {place: desk.look(*place) for place in (("p", TYPED),)}
        if theme == "default":
            _check_question(desk)
        browser.fill(SUBJECT, theme)
        desk.save()
        browser.fill(".modal [name=name] input", theme)
        browser.click(".modal .o_form_button_save")
        browser.wait_gone(".modal")
        desk.open_email(theme, TYPED)
        desk.leave()
    before = len(desk.sink.messages)
    desk.call("marketing.campaign", "action_start_campaign", [campaign])
    for cron in (ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON):
        run_cron(desk.server, cron)
    mails = desk.sink.wait_for(before + len(looks), 30)[before:]
    received = {str(mail["Subject"]): _html_of(mail) for mail in mails}
    assert set(received) == set(looks)
    for theme, body in received.items():
        desk.check_received(body, TYPED, looks[theme])


def _open_placeholders(desk):
    """Open the list of fields by the menu that opens upon /.

    :return: the names of those that it offers
    """
    desk.browser.type("/")
    desk.browser.click(".o-we-powerbox .o-we-command", "Dynamic Placeholder")
    desk.browser.wait_for(f"{FIELDS} [data-name]")
    return json.loads(desk.browser.evaluate(OFFERED))


def _insert_placeholder(desk, path, default):
    browser, (*relations, name) = desk.browser, path.split(".")
    _open_placeholders(desk)
    for relation in relations:
        browser.click(f"{FIELDS} [data-name={relation}] .o_model_field_selector_popover_item_relation")
        browser.wait_for(f"{FIELDS} .o_model_field_selector_popover_prev_page")
    browser.click(f"{FIELDS} [data-name={name}] .o_model_field_selector_popover_item_name")
    browser.wait_for(f"{FIELDS} input[placeholder]")
    browser.type(default)
    browser.click(f"{FIELDS} button", "Insert")
    browser.wait_gone(FIELDS)


@pytest.mark.parametrize(("login", "card"), [(MARKETER, "prospection"), (SELLER, "hot_leads")])
def test_placeholders(desk, login, card):
    """Each that the menu offers, bare, with a default text, and bold, is filled in for whoever receives it."""
    desk.log_in(login)
    browser, campaign = desk.browser, desk.call("marketing.campaign", "create_from_template", card)["res_id"]
    [email, *_others] = _emails(desk, campaign)
    model, fields = email["model_name"], desk.call(email["model_name"], "fields_get", [], ["type"])
    allowed = [path.removeprefix("object.") for path in desk.call(model, "mail_allowed_qweb_expressions")]
    paths = [path for path in allowed if path.split(".")[0] in fields]
    desk.open_campaign(campaign)
    desk.open_email(email["name"], "Hello")
    desk.type(" ", after="Hello")
    offered = _open_placeholders(desk)
    assert set(offered) == {path.split(".")[0] for path in paths}
    browser.press("Escape")
    browser.wait_gone(FIELDS)
    for number, path in enumerate(paths):
        browser.type(f"{number}: ")
        _insert_placeholder(desk, path, "nobody" if number == 0 else "")
        browser.type("; ")
    browser.press("b", CONTROL)
    browser.type("bold: ")
    _insert_placeholder(desk, "name", "")
    browser.settle()
    words = json.loads(browser.evaluate(WORDS % json.dumps(FRAME)))
    assert {f"object.{path}" for path in paths[1:]} <= set(words)
    assert not [read for read in words.values() if "object" in read], words
    desk.save()

    received = desk.send_sample(email["mass_mailing_id"][0], _make_person(desk, model))
    read = {path: "Sally Seller" if path.startswith("user_id") else "Ada" for path in paths}
    if model == "crm.lead":
        read["name"] = "Chairs"
    typed = [f"{number}: {read[path]};" for number, path in enumerate(paths)]
    desk.check_received(received, f"Hello Ada, {' '.join(typed)} bold: {read['name']}", {})
    bold = desk.look("strong", "bold:", frame="#received")
    assert int(bold[3]) > 400


def test_what_is_not_allowed(desk):
    """It is said beside the text, and keeps it from being saved; nothing that was typed or pasted is lost."""
    desk.log_in(MARKETER)
    browser, campaign = desk.browser, desk.call("marketing.campaign", "create_from_template", "hot_contacts")["res_id"]
    [email] = _emails(desk, campaign)
    refused, pasted = "{{ object.email }}", '<p>Mail <t t-out="object.email">us</t> <b onclick="alert(1)">now</b></p>'
    desk.open_campaign(campaign)
    desk.open_email(email["name"], "Hello")
    desk.type(TYPED, after="Hello")
    browser.evaluate(PASTE % (json.dumps(pasted), json.dumps(FRAME)))
    browser.type(f" {refused}")
    browser.click(f"{EDITOR} .o_form_button_save")
    browser.wait_for(QUESTION, "“object.email”: take it out of the text")
    browser.click(f"{QUESTION} button", "Close")
    browser.wait_gone(QUESTION)
    browser.wait_for(f"{EDITOR} .alert", "“object.email”: take it out of the text")
    browser.click(f"{EDITOR} .o_form_button_cancel")
    browser.click(f"{QUESTION} button", "Go on writing")
    browser.wait_gone(QUESTION)
    browser.wait_for("p", refused, frame=FRAME)
    browser.click("p", refused, frame=FRAME)
    browser.press("End")
    for _character in refused:
        browser.press("Backspace")
    desk.save()
    desk.open_email(email["name"], f"{TYPED}Mail us now")
    desk.leave()
    received = desk.send_sample(email["mass_mailing_id"][0], _make_person(desk, "res.partner"))
    desk.check_received(received, f"Hello Ada,{TYPED}Mail us now", {})
