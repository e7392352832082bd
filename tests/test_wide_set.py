"""The main stories in a database with what people have beside the app: Odoo's wide set, made once and cloned."""

import itertools
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest
from company import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON
from modules import complaints, installed, run_cron
from real_odoo import real_odoo
from test_real_campaign import tell_story

from tools.browser import running_browser
from tools.test_databases import WIDE, run_database
from tools.wide_set import APPS
from tools.workspace import workspace

LINK = r'href="[^"]*(/r/\w+/m/[^"]+)"[^>]*>\s*(?:<[^>]+>\s*)*Yes'
WORDS = {
    "en-US,en;q=0.9": ("One more click", "Thank you, you are in."),
    "fr-BE,fr;q=0.9,en;q=0.5": ("Encore un clic", "Merci, c'est fait."),
}


@pytest.fixture(scope="module")
def wide_template():
    """A function that makes a database with the apps, as `real_odoo` takes it."""
    with workspace() as space, run_database(space, WIDE) as (template, _origin):
        yield lambda databases, name: databases.clone(template, name)


@pytest.fixture
def wide(wide_template, smtp_sink, tmp_path):
    """A RealOdoo with the apps, whose scheduled actions run."""
    with real_odoo(smtp_sink.port, tmp_path, wide_template) as server:
        yield server


@pytest.fixture
def websites(wide_template, smtp_sink, tmp_path):
    """A RealOdoo with two websites, the second of which is in French alone, and their addresses."""
    with real_odoo(smtp_sink.port, tmp_path, wide_template, ["--max-cron-threads=0"]) as server:
        rpc = server.rpc
        rpc("res.users", "write", [2], {"email": "admin@company.example.com"})
        wizard = rpc("base.language.install", "create", {"lang_ids": [(6, 0, _languages(rpc, "fr_FR"))]})
        rpc("base.language.install", "lang_install", [wizard])
        second = f"http://localhost:{server.port}"
        french = {"language_ids": [(6, 0, _languages(rpc, "fr_FR"))], "default_lang_id": _languages(rpc, "fr_FR")[0]}
        rpc("website", "create", {"name": "Deuxième", "domain": second, **french})
        yield server, (server.url, second)


def test_one_story_with_scheduled_actions(wide, smtp_sink):
    assert installed(wide, *APPS) == list(APPS)
    tell_story(wide, smtp_sink)


def test_canvas(wide, tmp_path):
    """The workflow and the form of each type of step, amid the assets of all apps: nothing complains."""
    rpc = wide.rpc
    [campaign] = rpc("marketing.campaign", "create", [{"name": "Canvas"}])
    types = [described["type"] for described in rpc("marketing.activity", "get_palette")]
    with running_browser(tmp_path / "browser") as browser:
        browser.open(f"{wide.url}/web/login")
        browser.fill("input[name=login]", "admin")
        browser.fill("input[name=password]", "admin")
        browser.click(".oe_login_buttons button")
        browser.wait_for(".o_main_navbar")
        browser.open(f"{wide.url}/odoo/marketing-automation/{campaign}")
        for name in types:
            browser.click(".o_marketing_workflow_add")
            browser.click(f".o_marketing_palette_type[data-type={name}]")
            browser.wait_for(".o_dialog .o_field_widget[name=name]")
            browser.settle()
            browser.screenshot(tmp_path / f"{name}.png")
            browser.click(".o_dialog .btn-close")
            browser.wait_gone(".o_dialog")
        assert not browser.errors
    assert not complaints(wide)


def test_consent(websites, smtp_sink):
    """Whoever asked for a newsletter confirms it, on each website and in each language."""
    server, addresses = websites
    rpc = server.rpc
    visits = {f"{number}@people.example.com": visit for number, visit in enumerate(itertools.product(addresses, WORDS))}
    rpc("marketing.campaign", "create_from_template", "double_optin")
    [asked] = rpc("mailing.list", "search", [("name", "=", "Newsletter")])
    subscription = {"subscription_ids": [(0, 0, {"list_id": asked})]}
    rpc("mailing.contact", "create", [{"email": email, **subscription} for email in visits])
    rpc("marketing.campaign", "action_start_campaign", rpc("marketing.campaign", "search", []))
    for cron in (ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON):
        run_cron(server, cron)

    for mail in smtp_sink.wait_for(len(visits), 10):
        address, language = visits[mail["To"].addresses[0].addr_spec]
        question, thanks = WORDS[language]
        [path] = re.findall(LINK, mail.get_body(("html",)).get_content())
        page = _get(address + path.replace("&amp;", "&"), language)
        assert question in page
        assert thanks not in _get(f"{address}/marketing_automation/confirmed", language), "for nothing"
        [path] = re.findall(r'action="([^"]+)"', page)
        assert thanks in _get(address + path.replace("&amp;", "&"), language, b"confirm=1")
    run_cron(server, EXECUTION_CRON)
    confirmed = rpc("mailing.contact", "search_count", [("list_ids.name", "=", "Confirmed contacts")])
    assert confirmed == len(visits)
    assert not complaints(server)


def _languages(rpc, *codes):
    return rpc("res.lang", "search", [("code", "in", codes), ("active", "in", [True, False])])


class _Here(urllib.request.HTTPRedirectHandler):
    """Follows what leads to a page of the same server, whose port is given."""

    def __init__(self, port):
        self._port = port

    def redirect_request(self, request, response, code, reason, headers, url):
        if urllib.parse.urlsplit(url).port != self._port:
            return None
        return super().redirect_request(request, response, code, reason, headers, url)


def _get(url, language, data=None):
    """:return: the page; nothing where the link leads away"""
    request = urllib.request.Request(url, data, headers={"User-Agent": "Mozilla/5.0", "Accept-Language": language})
    opener = urllib.request.build_opener(_Here(urllib.parse.urlsplit(url).port))
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as answer:
        assert answer.code in {301, 303}, answer.read().decode()
        return ""
