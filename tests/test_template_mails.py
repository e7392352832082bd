"""Each campaign template's mail in its wire form: as it comes to a mail server, and as another program reads it.

`KEEP_MAILS=1 bin/test tests/test_template_mails.py` keeps them for `bin/mail-world rules`, where a filter of spam
judges them.
"""

import json
import os
import re
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from company import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON
from lxml import html
from modules import run_cron
from test_real_campaign import fetch

from tools.javascript_tools import read_mails
from tools.mail_world.keeping import RULES
from tools.mail_world.templates import TEMPLATES, read_kept

SITE = "https://marketing.odoo.example"
ONCE = {*("message-id", "date", "from", "to", "subject", "reply-to", "mime-version", "content-type", "references")} | {
    "list-unsubscribe",
    "list-unsubscribe-post",
}
LATER = "UPDATE marketing_trace SET schedule_date = now() - interval '1 hour' WHERE state = 'scheduled'"
SENT = """
SELECT m.message_id, t.campaign_id, a.name, t.id FROM mailing_trace m
  JOIN marketing_trace t ON t.id = m.marketing_trace_id JOIN marketing_activity a ON a.id = t.activity_id
 WHERE t.campaign_id = ANY(%s)
"""
CONFIRMATION = """\
Odoo Example [1]

One click to confirm

Hello Zoë Ågren,

Somebody, hopefully you, gave us this address for our newsletter. Please confirm that you want to get it.

Yes, subscribe me [2]

If you do nothing, you get no newsletter.

Odoo Example
View in browser [3] · Unsubscribe [4]
"""
OTHERS = ("note", "offer")  # of the addons that the tests install
# What no mail of a campaign can be without: it is shown, and costs nothing
UNAVOIDABLE = {"HTML_MESSAGE": 0.0}


def make_campaigns(server):
    """Start a campaign from each template, each for one person, and have all their steps run.

    :return: their ids, and the templates' keys
    """
    rpc = server.rpc
    rpc("ir.config_parameter", "set_param", "web.base.url", SITE)
    values = {"name": "odoo.example", "bounce_alias": "bounce", "catchall_alias": "catchall"}
    domain = rpc("mail.alias.domain", "create", values)
    values = {"alias_domain_id": domain, "name": "Odoo Example", "email": "hello@odoo.example"}
    rpc("res.company", "write", rpc("res.company", "search", []), values)
    rpc("res.users", "write", [2], {"email": "mara@odoo.example", "name": "Mara Marketer"})
    category = rpc("res.partner.category", "create", {"name": "Mailed"})
    newsletter = [(0, 0, {"list_id": server.ref("mass_mailing.mailing_list_data")})]
    people = {
        "res.partner": {"name": "Zoë Ågren", "email": "zoe@people.example", "category_id": [(4, category)]},
        "mailing.contact": {"name": "Zoë Ågren", "email": "zoe@list.example", "subscription_ids": newsletter},
        "crm.lead": {"name": "Question", "contact_name": "Zoë Ågren", "email_from": "zoe@lead.example"},
    }
    for model, person in people.items():
        rpc(model, "create", person)
    campaigns = {}
    for card in rpc("marketing.campaign", "get_campaign_templates"):
        if card["key"] in OTHERS:
            continue
        campaign = rpc("marketing.campaign", "create_from_template", card["key"])["res_id"]
        [told] = rpc("marketing.campaign", "read", [campaign], ["model_name"])
        if told["model_name"] == "res.partner":
            rpc("marketing.campaign", "write", [campaign], {"domain": repr([("category_id", "in", [category])])})
        rpc("marketing.campaign", "action_start_campaign", [campaign])
        campaigns[campaign] = card["key"]
    for _follow_up in range(3):
        for cron in (ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON):
            run_cron(server, cron)
        server.query(LATER)
    return campaigns


class Mail:
    """What came to the mail server; `read` is what mailparser makes of it."""

    def __init__(self, content, read, name, trace):
        self.content, self.read, self.name, self.trace = content, read, name, trace
        tree = html.fromstring(read["html"])
        self.links = {" ".join(link.text_content().split()): link.get("href") for link in tree.iter("a")}
        [self.pixel] = [picture.get("src") for picture in tree.iter("img") if "/mail/track/" in picture.get("src")]


def read_sent(server, sink, campaigns, folder):
    """:return: the campaigns' mails, by template and step"""
    for number, content in enumerate(sink.contents):
        (folder / f"{number:02}.eml").write_bytes(content)
    paths = sorted(folder.glob("*.eml"))
    sent = {row[0]: row[1:] for row in server.query(SENT, list(campaigns))}
    mails = {}
    for path, read in zip(paths, read_mails(*paths), strict=True):
        if read["messageId"] in sent:
            campaign, step, trace = sent[read["messageId"]]
            name = f"{campaigns[campaign]}-{step.lower().replace(' ', '-')}"
            mails[name] = Mail(path.read_bytes(), read, name, trace)
    return mails


def told(text):
    """:return: a text part without the addresses, which are another time's or server's"""
    return text.replace("\r\n", "\n").partition("\n[1] ")[0]


def check_wire(mail):
    head, empty, _body = mail.content.partition(b"\r\n\r\n")
    assert empty
    assert head.isascii()
    lines = mail.content.split(b"\r\n")
    assert max(map(len, lines)) <= 998, "octets of a line: RFC 5322"
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    for line in head.split(b"\r\n"):
        assert re.match(rb"[!-9;-~]+:[ \t]|[ \t]+\S", line), "a field, or what goes on with one"


def check_fields(mail):
    read = mail.read
    assert {name: count for name, count in Counter(read["names"]).items() if name in ONCE} == dict.fromkeys(ONCE, 1)
    assert [sender["address"] for sender in read["from"]] == ["mara@odoo.example"]
    [recipient] = read["to"]
    assert recipient["address"].startswith("zoe@")
    assert recipient["name"] in ("Zoë Ågren", "")
    assert abs(datetime.now(UTC) - datetime.fromisoformat(read["date"])) < timedelta(hours=1)
    assert re.fullmatch(r"<[^<>\s@]+@[^<>\s@]+>", read["messageId"])
    assert read["references"] == read["messageId"], "for providers that give it another Message-Id"
    assert not read.get("inReplyTo")
    # RFC 2369 and 8058
    assert set(read["lists"]) == {"unsubscribe", "unsubscribe-post"}
    assert read["lists"]["unsubscribe"]["url"].startswith(f"{SITE}/mailing/")
    assert read["lists"]["unsubscribe-post"]["name"] == "List-Unsubscribe=One-Click"


def check_text(mail):
    text = mail.read["text"]
    footnotes = dict(re.findall(r"(?m)^\[(\d+)\] (\S+)$", text))
    for label, address in mail.links.items():
        [number] = [number for number, other in footnotes.items() if other == address]
        assert f"{label or 'Odoo Example'} [{number}]" in text
    assert len(footnotes) == len(set(mail.links.values()))
    for noise in ("**", "logo", "blank", "/mail/track/", "{{", "\n\n\n", " \n"):
        assert noise not in text, noise
    assert text.startswith("Odoo Example [1]\n\n"), "the picture by its name"
    assert mail.read["attachments"] == 0


def check_links(server, mail):
    """The picture and each link work from the mail, and the page of each says whose it is."""

    def own(address):
        assert address.startswith(f"{SITE}/")
        return address.replace(SITE, server.url)

    assert fetch(own(mail.pixel)) == (200, None)
    for label, address in mail.links.items():
        status, _location = fetch(own(address))
        assert status in (200, 301, 303), (label, status)
    for label, word in (("View in browser", "Zoë Ågren"), ("Unsubscribe", "zoe@")):
        with urllib.request.urlopen(own(mail.links[label])) as page:
            assert word in page.read().decode(), label
        assert "zoe" not in mail.links[label]
        assert fetch(own(mail.links[label])[:-1] + "x")[0] in (401, 403), "forged"
    request = urllib.request.Request(own(mail.read["lists"]["unsubscribe"]["url"]), b"List-Unsubscribe=One-Click")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    events = server.query("SELECT event FROM marketing_trace_event WHERE trace_id = %s", mail.trace)
    assert {"open", "unsubscribe"} <= {event for (event,) in events}


def check_reply(server, mail, names):
    """What answers it leads to the step, by In-Reply-To, or by References alone."""
    [address] = [receiver["address"] for receiver in mail.read["replyTo"]]
    fields = {"In-Reply-To": mail.read["messageId"], "References": mail.read["references"]}
    head = "".join(f"{name}: {fields[name]}\n" for name in names)
    sender, subject = mail.read["to"][0]["address"], mail.read["subject"]
    reply = f"From: {sender}\nTo: {address}\nSubject: Re: {subject}\n{head}Message-Id: <{mail.trace}@{names[0]}>\n\nYes"
    server.rpc("mail.thread", "message_process", False, reply)
    events = server.query("SELECT event FROM marketing_trace_event WHERE trace_id = %s", mail.trace)
    assert ("reply",) in events, (mail.name, names)


def test_mails(company, smtp_sink, tmp_path):
    mails = read_sent(company, smtp_sink, make_campaigns(company), tmp_path)
    for mail in mails.values():
        check_wire(mail)
        check_fields(mail)
        check_text(mail)
    assert told(mails["double_optin-ask-for-confirmation"].read["text"]) == CONFIRMATION
    check_reply(company, mails["prospection-free-catalog"], ["In-Reply-To"])
    check_reply(company, mails["hot_leads-introduction"], ["References"])
    for mail in mails.values():
        check_links(company, mail)
    if os.environ.get("KEEP_MAILS"):
        keep(mails)
    kept = dict(read_kept())
    assert set(kept) == set(mails)
    for name, path in kept.items():
        [read] = read_mails(path)
        assert told(read["text"]) == told(mails[name].read["text"]), "changed: keep it, and run bin/mail-world rules"
    assert " ERROR " not in company.log()


def keep(mails):
    TEMPLATES.mkdir(exist_ok=True)
    for path in TEMPLATES.glob("*.eml"):
        path.unlink()
    for mail in mails.values():
        host = urlsplit(f"//{mail.read['messageId'].strip('<>')}").hostname.encode()  # this machine's
        content = mail.content.replace(b"\r\n", b"\n").replace(b"@" + host + b">", b"@odoo.example>")
        (TEMPLATES / f"{mail.name}.eml").write_bytes(content)


def test_a_filter_finds_nothing_that_can_be_avoided():
    """Its rules that the kept mails hit, as docs/mail_world.md tells."""
    mails = json.loads(RULES.read_text())["mails"]
    assert set(mails) == {name for name, _path in read_kept()}
    for name, rules in mails.items():
        assert rules == UNAVOIDABLE, name
