"""The story of a campaign with nothing mocked: a server process with its own cron threads, real
commits, a real SMTP server, and an HTTP client that reads the mail and clicks."""

import re
import time
import urllib.error
import urllib.request

from company import make_action, model_of

CATALOGUE = "https://shop.example.com/catalogue"
BODY = f"""<div><p>Hello <t t-out="object.name"/></p><p><a href="{CATALOGUE}">The catalogue</a></p></div>"""
PATIENCE = 90  # seconds: Odoo's cron threads look for work once a minute
# A person's: one that says no more than Mozilla/5.0 is Apple's, which opens mails before anybody reads them
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
LOCAL = re.compile(r'(?:href|src)="(http://127\.0\.0\.1[^"]+)"')


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def fetch(url, method="GET"):
    """:return: the status and the address that it redirects to, if it does."""
    request = urllib.request.Request(url, method=method, headers={"User-Agent": BROWSER})
    try:
        with urllib.request.build_opener(NoRedirect).open(request) as response:
            return response.status, None
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location")


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.2)


def make_campaign(server):
    """Make a campaign, as a user with the group of marketers alone, on contacts with an action of an administrator.

    :return: its id, and those of the contacts
    """
    rpc, marketer = server.rpc, server.marketer
    category = rpc("res.partner.category", "create", {"name": "Prospect"})
    contacts = rpc(
        "res.partner",
        "create",
        [
            {"name": name, "email": f"{name.lower()}@people.example.com", "category_id": [(4, category)]}
            for name in ("Ada", "Ben")
        ],
    )
    model = model_of(rpc, "res.partner")
    campaign = marketer(
        "marketing.campaign",
        "create",
        {"name": "Prospection", "model_id": model, "domain": repr([("category_id", "in", [category])])},
    )
    template = marketer(
        "mailing.mailing",
        "create",
        {
            "subject": "Welcome",
            "body_html": BODY,
            "mailing_model_id": model,
            "use_in_marketing_automation": True,
            "email_from": "shop@example.com",
        },
    )
    action = make_action(server, "Thanks")
    welcome = marketer(
        "marketing.activity",
        "create",
        {"name": "Welcome", "campaign_id": campaign, "activity_type": "email", "mass_mailing_id": template},
    )
    marketer(
        "marketing.activity",
        "create",
        {
            "name": "Thanks",
            "campaign_id": campaign,
            "activity_type": "action",
            "server_action_id": action,
            "trigger_type": "mail_click",
            "parent_id": welcome,
        },
    )
    return campaign, contacts


def test_real_campaign(odoo_server, smtp_sink):
    tell_story(odoo_server, smtp_sink)


def mailed(smtp_sink):
    """:return: the mails to the contacts; Odoo's digest goes to a new user when its scheduled action runs"""
    return [message for message in smtp_sink.messages if "@people.example.com" in str(message["To"])]


def tell_story(odoo_server, smtp_sink):
    """From Start to the last follow-up, by whoever may do no more than that, on a server whose cron threads run."""
    rpc = odoo_server.rpc
    campaign, contacts = make_campaign(odoo_server)
    odoo_server.marketer("marketing.campaign", "action_start_campaign", [campaign])

    # each gets the mail, once
    wait_until(lambda: len(mailed(smtp_sink)) >= 2, "the mails")
    recipients = [str(message["To"]) for message in mailed(smtp_sink)]
    assert sorted("ada@" in recipient for recipient in recipients) == [False, True], recipients
    [mail] = [message for message in smtp_sink.messages if "ada@" in str(message["To"])]
    html = mail.get_body(("html",)).get_content()
    assert "Hello Ada" in html
    urls = LOCAL.findall(html)
    [link] = [url for url in urls if "/r/" in url]
    [pixel] = [url for url in urls if "/mail/track/" in url]

    # a scanner's HEAD and a forged address redirect, and count for nothing
    assert fetch(link, "HEAD")[0] == 301
    assert fetch(link.split("?")[0])[0] == 301
    assert not odoo_server.query("SELECT id FROM link_tracker_click")

    # Ada opens and clicks; what follows, follows within a minute
    assert fetch(pixel) == (200, None)
    status, location = fetch(link)
    assert status == 301
    assert location.startswith(CATALOGUE)

    def thanked():
        return [row["ref"] for row in rpc("res.partner", "read", contacts, ["ref"])]

    wait_until(lambda: thanked() == ["T", False], "the follow-up of the click")
    assert len(mailed(smtp_sink)) == 2
    assert len(odoo_server.query("SELECT id FROM link_tracker_click")) == 1

    def states():
        return {row["state"] for row in rpc("marketing.participant", "search_read", [], ["state"])}

    wait_until(lambda: states() == {"completed"}, "the participants' completion")
    [numbers] = rpc(
        "marketing.activity",
        "search_read",
        [("name", "=", "Welcome")],
        ["processed", "total_sent", "total_open", "total_click"],
    )
    numbers.pop("id")
    assert numbers == {"processed": 2, "total_sent": 2, "total_open": 1, "total_click": 1}
    assert " ERROR " not in odoo_server.log()
    assert "bad query" not in odoo_server.log()
