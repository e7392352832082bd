"""What real mail programs sent back (docs/mail_world.md), and a campaign whose mails it is about."""

import csv
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from company import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, model_of
from modules import run_cron
from real_odoo import PASSWORD, RpcError

import odoo.addons

from tools.ports import LOOPBACK

FOLDER = Path(__file__).parent / "mail_world"
MESSAGES = FOLDER / "messages"
EXPECTED = FOLDER / "expected.csv"
SCRIPT = "mail/static/scripts/odoo-mailgate.py"
ADMIN = 2
PATIENCE = 90  # seconds


@dataclass(frozen=True)
class Kept:
    """A message that a program sent back, and the mail that it is about.

    :param str name: of its file: program/what was tried
    :param str tried: program/what was tried, without a number
    :param str message_id: of the campaign's mail, as it was then
    :param str recipient: of that mail
    """

    name: str
    tried: str
    message_id: str
    recipient: str
    content: bytes

    def about(self, message_id):
        """:return: the message, as if it were about another mail"""
        return self.content.replace(self.message_id.strip("<>").encode(), message_id.strip("<>").encode())


def read_expected():
    with EXPECTED.open(newline="") as file:
        return {row["message"]: row["becomes"] for row in csv.DictReader(file)}


def read_kept():
    """:return: all messages, in the order in which they came"""
    kept = []
    for folder in sorted(MESSAGES.iterdir()):
        sent = json.loads((folder / "about.json").read_text())["sent"]
        for tried, mail in sent.items():
            paths = [folder / f"{tried}.eml", *sorted(folder.glob(f"{tried}-[0-9].eml"))]
            kept += [
                Kept(
                    f"{folder.name}/{path.stem}",
                    f"{folder.name}/{tried}",
                    mail["message_id"],
                    mail["recipient"],
                    path.read_bytes(),
                )
                for path in filter(Path.exists, paths)
            ]
    return kept


class Campaign:
    """One whose email went to the recipients of the mails that the programs got."""

    def __init__(self, server, triggers):
        """:param triggers: what becomes of a mail -> the trigger of the step that waits for it, and its values"""
        self.server, self.rpc, self.triggers = server, server.rpc, triggers
        self.traces = {}  # what was tried -> the campaign's trace of that mail
        self.steps = {}  # what becomes of a mail -> the step that waits for it

    def start(self, kept):
        """Mail to whom the programs got the mails for.

        :return: the Message-Ids of the mails, by what was tried
        """
        rpc = self.rpc
        self._receive_mail()
        model = model_of(rpc, "res.partner")
        category = rpc("res.partner.category", "create", {"name": "Mailed"})
        values = {"category_id": [(4, category)]}
        people = list(self._people(kept))
        rpc("res.partner", "create", [{"name": name, "email": email, **values} for name, email in people])
        domain = repr([("category_id", "in", [category])])
        campaign = rpc("marketing.campaign", "create", {"name": "Spring", "model_id": model, "domain": domain})
        template = rpc(
            "mailing.mailing",
            "create",
            {
                "subject": "What is new in spring",
                "body_html": "<p>Hello</p>",
                "mailing_model_id": model,
                "use_in_marketing_automation": True,
                "reply_to_mode": "update",
                "email_from": "mara@odoo.example",
            },
        )
        values = {"campaign_id": campaign, "interval_number": 0}
        email = {**values, "name": "Mail", "activity_type": "email", "mass_mailing_id": template}
        email = rpc("marketing.activity", "create", email)
        code = {"name": "Note", "model_id": model, "usage": "marketing_automation", "state": "code", "code": "pass"}
        action = rpc("ir.actions.server", "create", code)
        values |= {"parent_id": email, "activity_type": "action", "server_action_id": action}
        for becomes, (trigger, more) in self.triggers.items():
            self.steps[becomes] = rpc(
                "marketing.activity", "create", {**values, "name": becomes, "trigger_type": trigger, **more}
            )
        rpc("marketing.campaign", "action_start_campaign", [campaign])
        for cron in (ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON):
            run_cron(self.server, cron)
        self.wait_until(lambda: len(self._find_mails(email)) == len(people), "the mails")
        return self._find_mails(email)

    def _people(self, kept):
        """Yield a name, what was tried, and an address for each mail; none has an address twice."""
        taken = set()
        for message in {message.tried: message for message in kept}.values():
            local, _at, domain = message.recipient.partition("@")
            address = message.recipient
            if address in taken:
                address = f"{local}.{message.tried.replace('/', '.')}@{domain}"
            taken.add(address)
            yield message.tried, address

    def _receive_mail(self):
        """Have Odoo's addresses be those of the mails that the programs got."""
        rpc = self.rpc
        values = {"name": "odoo.example", "bounce_alias": "bounce", "catchall_alias": "catchall"}
        domains = rpc("mail.alias.domain", "search", [], limit=1)
        if domains:
            rpc("mail.alias.domain", "write", domains, values)
        else:
            domains = [rpc("mail.alias.domain", "create", values)]
        companies = rpc("res.company", "search", [])
        rpc("res.company", "write", companies, {"alias_domain_id": domains[0]})
        # Where somebody writes to whoever sent the campaign
        alias = {"alias_name": "mara", "alias_domain_id": domains[0], "alias_model_id": model_of(rpc, "res.partner")}
        rpc("mail.alias", "create", alias)

    def _find_mails(self, email):
        """Learn the traces of the mails that left, and return their Message-Ids."""
        rows = self.server.query(
            "SELECT p.name, m.marketing_trace_id, m.message_id FROM mailing_trace m"
            " JOIN marketing_trace t ON t.id = m.marketing_trace_id JOIN res_partner p ON p.id = m.res_id"
            " WHERE t.activity_id = %s AND m.trace_status = 'sent'",
            email,
        )
        self.traces = {name: trace for name, trace, _message_id in rows}
        return {name: message_id for name, _trace, message_id in rows}

    def events(self, tried):
        """:return: the events of a mail beside its acceptance, with their kinds: {"bounce", "hard"}"""
        rows = self.server.query(
            "SELECT event, bounce_type FROM marketing_trace_event"
            " WHERE trace_id = %s AND (event, source) != ('sent', 'mail server') ORDER BY id",
            self.traces[tried],
        )
        return [set(filter(None, row)) for row in rows]

    def hand_in(self, content):
        """As a mail server does over RPC; where Odoo has no use for a mail, it says so."""
        try:
            self.rpc("mail.thread", "message_process", False, content.decode("utf-8", "surrogateescape"))
        except RpcError as error:
            assert "No possible route" in str(error)

    def hand_in_by_script(self, content):
        script = next(path for path in (Path(folder) / SCRIPT for folder in odoo.addons.__path__) if path.exists())
        options = ["-d", self.server.database, "-u", str(ADMIN), "-p", PASSWORD, "--host", LOOPBACK]
        command = [sys.executable, str(script), *options, "--port", str(self.server.port)]
        result = subprocess.run(command, input=content, capture_output=True, check=False)
        assert result.returncode == 0, result.stderr.decode()

    def wait_until(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
            time.sleep(0.2)

    def done(self, becomes):
        """:return: of which mails the step that waits for this has run"""
        rows = self.server.query(
            "SELECT p.name FROM marketing_trace t JOIN res_partner p ON p.id = t.res_id"
            " WHERE t.activity_id = %s AND t.state = 'processed'",
            self.steps[becomes],
        )
        return {name for (name,) in rows}
