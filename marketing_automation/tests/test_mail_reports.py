import base64
import doctest
import email
from email.policy import SMTP

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from .. import mail_reports
from ..mail_reports import parts, recipients
from .mail_samples import COMPLAINTS, REPORTED, SAMPLES, delivery, forwarded, generated_feedback, plain, report

VALUES = {
    "email": "ada@people.example.com",
    "to": "shop@example.com",
    "bounce": "bounce@example.com",
    "id": "1",
    "subject": "About your mail",
    "message_id": "<123.456-openerp@example.com>",
}
BOUNCE_ADDRESSES = [VALUES["bounce"]]


def judge(raw, **values):
    message = email.message_from_bytes(raw.format(**{**VALUES, **values}).encode(), policy=SMTP)
    return mail_reports.judge(message, BOUNCE_ADDRESSES)


class TestMailReports(BaseCase):
    """The judgement of incoming messages, without Odoo."""

    def test_doctests(self):
        for module in (parts, recipients):
            self.assertEqual(doctest.testmod(module).failed, 0)

    def test_samples(self):
        """Each kind of message, which of ours it is about, and the address."""
        for name, (raw, kind, bounce_type) in SAMPLES.items():
            with self.subTest(name):
                judgement = judge(raw)
                self.assertEqual(judgement.kind, kind)
                self.assertEqual(judgement.message_ids[:1], (VALUES["message_id"],))
                recipient = judgement.get_recipient()
                self.assertEqual(recipient and recipient.bounce_type, bounce_type)
                self.assertTrue(judgement.decided_by)
                if kind in ("bounce", "delayed", "accepted", "receipt"):
                    self.assertTrue(recipient.is_for(VALUES["email"]))

    def test_several_recipients(self):
        """What is said of one address holds for that one."""
        fields = "Reporting-MTA: dns; mx\n\n" + "\n\n".join(
            f"Final-Recipient: rfc822; {name}@people.example.com\nAction: {action}\nStatus: {status}"
            for name, action, status in (
                ("ada", "relayed", "2.1.5"),
                ("ben", "failed", "5.1.1"),
                ("cleo", "delayed", "4.4.1"),
            )
        )
        judgement = judge(report("delivery-status", "message/delivery-status", fields))
        self.assertEqual(judgement.kind, "bounce")
        kinds = [judgement.get_kind(f"{name}@people.example.com") for name in ("Ada", "ben", "cleo", "dan")]
        self.assertEqual(kinds, ["accepted", "bounce", "delayed", "bounce"])

    def test_what_is_attached_to_an_answer(self):
        """A person who forwards a bounce, or our mail, to us has written a message."""
        raw = forwarded(headers="In-Reply-To: <other@example.com>\n", sender="ada@people.example.com")
        self.assertEqual(judge(raw).kind, "reply")
        head = forwarded(sender="ada@people.example.com").partition("Message-ID: {message_id}")[0]
        raw = head + delivery("failed", "5.1.1").replace("=_b", "=_c") + "\n--=_b--\n"
        self.assertEqual(judge(raw).kind, "reply")

    def test_encoded_parts(self):
        """Some servers encode what should stand as it is."""
        raw = delivery("failed", "5.1.1", original="text/rfc822-headers").format(**VALUES)
        fields = raw.partition("message/delivery-status\n\n")[2].partition("\n\n--")[0]
        encoded = "Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(fields.encode()).decode()
        judgement = mail_reports.judge(raw.replace("\n" + fields, encoded).encode())
        self.assertEqual((judgement.kind, judgement.recipients[0].address), ("bounce", VALUES["email"]))

    def test_complaint_addresses(self):
        message = email.message_from_string(forwarded(to="Desk@example.com").format(**VALUES))
        self.assertEqual(mail_reports.judge(message).kind, "reply")
        self.assertEqual(mail_reports.judge(message, complaint_addresses=["desk@example.com"]).kind, "complaint")

    def test_holiday_in_the_words_of_a_server(self):
        raw = plain("I am delayed, my mail could not be delivered.", "Return-Path: <>\n", to="{bounce}")
        self.assertEqual(judge(raw).kind, "automatic")

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.sampled_from(sorted(SAMPLES)), st.data())
    def test_never_raises(self, name, data):
        """Whatever is cut off, doubled or put in: a judgement, and never an exception."""
        raw = SAMPLES[name][0].format(**VALUES).encode()
        start, end = sorted((data.draw(st.integers(0, len(raw))), data.draw(st.integers(0, len(raw)))))
        filling = data.draw(st.one_of(st.binary(max_size=40), st.just(raw[start:end] * 2)))
        judgement = mail_reports.judge(raw[:start] + filling + raw[end:])
        self.assertNotEqual(judgement.kind, mail_reports.UNREADABLE, judgement.decided_by)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(generated_feedback())
    def test_generated_complaints(self, written):
        """Whatever order, spelling, folding, encoding and ends of lines a desk has: who complains, of which mail."""
        raw, kind, is_told = written
        judgement = judge(raw, email=REPORTED)
        self.assertEqual(judgement.kind, "complaint" if kind in COMPLAINTS else "notice", raw)
        self.assertEqual(judgement.message_ids, (VALUES["message_id"],), raw)
        self.assertEqual([recipient.address for recipient in judgement.recipients], [REPORTED], (raw, is_told))

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(generated_feedback(), st.data())
    def test_generated_complaints_that_are_cut(self, written, data):
        """What is cut off or doubled is judged, and nobody but who was named, or was mailed, is said to complain."""
        raw = written[0].format(**{**VALUES, "email": REPORTED}).encode()
        start, end = sorted((data.draw(st.integers(0, len(raw))), data.draw(st.integers(0, len(raw)))))
        judgement = mail_reports.judge(raw[:start] + data.draw(st.sampled_from([b"", raw[start:end] * 2])) + raw[end:])
        self.assertNotEqual(judgement.kind, mail_reports.UNREADABLE, judgement.decided_by)
        if judgement.kind == "complaint" and len(judgement.recipients) > 1:
            self.assertIn(REPORTED, [recipient.address for recipient in judgement.recipients])
