import base64
import copy
import logging
import pickle
import re

from odoo.tests import tagged
from odoo.tools import formataddr, mute_logger

from odoo.addons.marketing_automation.engine.context import QUEUE_KEY, QueueRun
from odoo.addons.marketing_automation.mail_mould import CastMessage, PlainHeader, to_octets
from odoo.addons.marketing_automation.plain_text import write_text

from .common import MarketingAutomationCommon

LOGGER = "odoo.addons.marketing_automation.models.mail_queue.ir_mail_server"
BOUNDARY = re.compile(rb"={15}\d+==")
PEOPLE = (
    ("Ada Lovelace", "ada@people.example.com"),
    ("Zoë Ågren", "zoe@people.example.com"),
    ("Müller, Jörg (Einkauf)", "joerg.mueller@people.example.com"),
    ('Sean "Jim" O\'Neil \\ Sons', "o'neil+news@people.example.com"),
    ("", "plain@people.example.com"),
    ("A. Very Long Name " * 6, "long@people.example.com"),
    ("Ben  Two Blanks ", "ben@xn--mller-kva.example.com"),
    ("Δημήτρης 北京 👋", "far@people.example.com"),
    ("=?utf-8?q?Encoded?=", "encoded@people.example.com"),
)
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FILES = [
    ("Katalog – Frühjahr, groß.pdf", b"%PDF-1.4 " + bytes(range(256)) * 20, "application/pdf"),
    ("pixel.png", PIXEL, "image/png"),
    ("list.csv", "Größe;1\r\n".encode(), "text/csv"),
    ("answer.eml", b"From: a@example.com\r\nSubject: Re\r\n\r\nYes\r\n", "message/rfc822"),
    ("unknown", b"\0\1", False),
]
BODIES = [
    "<p>One line</p>",
    "<p>Grüße, {name}!</p>\n" + "<p>" + "Text " * 400 + "</p>",
    "<p>.</p>\n.\nFrom here\n--{name}\r\n<br>\r</br>\n\n",
    f'<img src="data:image/png;base64,{base64.b64encode(PIXEL).decode()}" alt="{{name}}">',
    "<p>日本語のメール、{name}</p>" * 30,
    "short\n" * 12 + "é" * 100 + " \n\t\n",
]
SUBJECTS = [
    "Welcome, {name}!",
    "Ein Betreff, der länger ist als eine Zeile und Umlaute hat: Grüße an {name}, und noch etwas mehr",
    "A subject that is much longer than what fits into the seventy-eight characters of one line, {name}",
    "How much is 50 %? {name} =?utf-8?q?no?=",
]
LANGUAGES = ["nl_NL", "fr_FR", "de_DE", "es_ES"]


@tagged("post_install", "-at_install")
class TestMould(MarketingAutomationCommon):
    """What is cast for many is, octet for octet, what Odoo builds one by one."""

    def setUp(self):
        super().setUp()
        self.run_of_queue = QueueRun()
        self.run_of_queue.mail = self.env["mail.mail"].new()
        self.slow = self.env["ir.mail_server"]
        self.fast = self.slow.with_context(**{QUEUE_KEY: self.run_of_queue})

    def _values(self, number, subject, body, **others):
        """:return: what Odoo builds the email of one of PEOPLE from"""
        name, address = PEOPLE[number % len(PEOPLE)]
        body = body.replace("{name}", name or "you")
        return {
            "email_from": formataddr(("Marketing, Österreich", "shop@odoo.example.com")),
            "email_to": [formataddr((name, address))],
            "subject": " ".join(subject.replace("{name}", name or "you").split()),
            "body": body,
            "body_alternative": write_text(body) or "nothing",
            "email_cc": [],
            "reply_to": "answers@odoo.example.com",
            "attachments": [],
            "message_id": f"<1764{number}.17643.5-openerp-{number}-res.partner@odoo>",
            "references": False,
            "object_id": f"{number}-res.partner",
            "subtype": "html",
            "subtype_alternative": "plain",
            "headers": {
                "Return-Path": "bounce@odoo.example.com",
                "List-Unsubscribe": f"<https://odoo.example.com/mailing/{number}/unsubscribe?email={'long' * 20}%40x>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Precedence": "list",
                "X-Auto-Response-Suppress": "OOF",
            },
            **others,
        }

    def _compare(self, subject, body, people=PEOPLE, **others):
        for number, _person in enumerate(people):
            values = self._values(number, subject, body, **others)
            with self.mock_datetime_and_now(self.start):
                slow, fast = self.slow._build_email__(**values), self.fast._build_email__(**values)
            expected = _neutral(to_octets(slow))
            self.assertEqual(list(map(str, fast.values()))[:-1], list(map(str, slow.values()))[:-1])
            if number:
                self.assertIsInstance(fast, CastMessage)
                self.assertEqual(_neutral(fast.get_octets()), expected)
                fast = copy.deepcopy(fast)  # as who sends by other means may do
            self.assertEqual(_neutral(to_octets(fast)), expected)

    def test_texts_subjects_and_addresses(self):
        for subject in SUBJECTS:
            for body in BODIES:
                self._compare(subject, body)

    def test_attachments(self):
        for files in ([FILES[0]], FILES):
            self.run_of_queue.moulds.clear()
            self._compare(SUBJECTS[0], BODIES[1], attachments=files)

    def test_other_headers(self):
        answers = "<1.2@odoo.example.com> <3.4@odoo.example.com>"
        self._compare(SUBJECTS[0], BODIES[0], references=answers, reply_to=False)

    def test_campaign_templates_in_each_language(self):
        templates = 0
        for code in LANGUAGES:
            self.env["res.lang"]._activate_lang(code)
            campaigns = self.env["marketing.campaign"].with_context(lang=code)
            for template in campaigns._get_campaign_templates().values():
                for step in filter(lambda step: step.get("mailing"), template["activities"]):
                    body = str(campaigns._render_template_body(step["mailing"]["body"]))
                    self._compare(step["mailing"]["subject"].replace("{{ object.name }}", "{name}"), body, PEOPLE[:3])
                    templates += 1
        self.assertGreaterEqual(templates, 4 * 6)

    def test_a_header_that_is_wrong_fails_as_it_did(self):
        self._compare(SUBJECTS[0], BODIES[0], PEOPLE[:2])
        wrong = self._values(1, "x", BODIES[0], email_from="a@odoo.example.com\r\nBcc: b@odoo.example.com")
        for server in (self.slow, self.fast):
            with self.assertRaisesRegex(ValueError, "linefeed"):
                server._build_email__(**wrong)

    def test_another_mailing_and_other_files_have_their_own_form(self):
        self._compare(SUBJECTS[0], BODIES[0], PEOPLE[:2], attachments=FILES[:1])
        values = self._values(1, "x", BODIES[0], attachments=FILES[1:2])
        self.assertNotIsInstance(self.fast._build_email__(**values), CastMessage)
        values["headers"]["X-Other"] = "1"
        message = self.fast._build_email__(**values)
        self.assertEqual(message["X-Other"], "1")

    def test_where_others_have_a_say_their_way_is_taken(self):
        def alter(server, message, smtp_from, smtp_to_list):
            real(server, message, smtp_from, smtp_to_list)
            message["X-Seen"] = "yes"

        model = self.env.registry["ir.mail_server"]
        real = model._alter_message__
        self.patch(model, "_alter_message__", alter)
        with self.assertLogs(LOGGER, logging.INFO) as logs:
            for number in range(3):
                message = self.fast._build_email__(**self._values(number, "x", BODIES[0]))
                self.assertNotIsInstance(message, CastMessage)
        self.assertEqual(len(logs.output), 1)
        self.assertIn(__name__, logs.output[0])

    @mute_logger(LOGGER)
    def test_a_form_that_does_not_prove_true_is_not_used(self):
        values = self._values(0, "x", BODIES[0])
        self.fast._build_email__(**values)
        [mould] = self.run_of_queue.moulds.values()
        mould.is_true = False
        self.assertNotIsInstance(self.fast._build_email__(**values), CastMessage)

    def test_a_plain_header_is_like_any_other(self):
        self._compare(SUBJECTS[0], BODIES[0], PEOPLE[:1])
        message = self.fast._build_email__(**self._values(0, "Welcome", BODIES[0]))
        header = message["To"]
        self.assertIsInstance(header, PlainHeader)
        self.assertEqual(header.addresses[0].addr_spec, PEOPLE[0][1])
        self.assertEqual(pickle.loads(pickle.dumps(header)), header)  # our own
        message.replace_header("Subject", "Other")
        self.assertIn(b"\r\nSubject: Other\r\n", message.get_octets())


def _neutral(octets):
    return BOUNDARY.sub(b"===", octets)
