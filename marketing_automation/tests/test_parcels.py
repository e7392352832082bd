import itertools
import re
from contextlib import suppress
from unittest.mock import patch

from odoo import api
from odoo.tests import tagged
from odoo.tools.mail import email_split_and_format_normalize

from odoo.addons.marketing_automation.engine.context import QUEUE_KEY, QueueRun
from odoo.addons.marketing_automation.mail_mould import to_octets

from .test_mail_queue import Death
from .test_mould import BOUNDARY, FILES, PEOPLE
from .test_silent_mail_server import MailServerCase

BODY = """<!DOCTYPE html><HTML><body>
<P style="background:url('/web/image/1')">Grüße, <t t-out="object.name"/>!</P>
<a href="https://shop.example.com/a?b=1&amp;c=2">Look</a> <a href="/shop">Ours</a>
<img src="data:image/png;base64,iVBORw0KGgo=" alt="Inline"/>
<a href="/unsubscribe_from_list">Unsubscribe</a> <a href="/view">In a browser</a> <a href="/view/12">Below it</a>
<div style="display:none">hidden</div></body></HTML>"""
DATE = re.compile(rb"\r\nDate: [^\r]*")


class Lines:
    about = {"smtp_from": False}


@tagged("post_install", "-at_install")
class TestParcels(MailServerCase):
    """What the mails of a mailing send is made for many, and what follows is written for many, as for one."""

    # ------------------------------------------------------------
    # Octet for octet what Odoo builds
    # ------------------------------------------------------------

    def _compare(self):
        """Compare the parcels of the mails that wait with what Odoo itself builds.

        :return: how many there are
        """
        mails = self._waiting().with_env(api.Environment(self.env.cr, api.SUPERUSER_ID, {}))
        run = QueueRun()
        run.lines, run.options = Lines, {"mail_server": mails.env["ir.mail_server"], "alias_domain_id": False}
        parcels = 0
        for mail in mails.with_context(**{QUEUE_KEY: run}):
            run.mail = mail
            parcel = mail._make_parcel()
            if not parcel:
                continue
            parcels += 1
            [email] = mail.with_context(**{QUEUE_KEY: None})._prepare_outgoing_list(doc_to_followers={})
            validated, partner = email.pop("email_to_normalized"), email.pop("partner_id")
            del email["email_to_raw"]
            [email["email_from"]] = email_split_and_format_normalize(mail.email_from)
            servers = mails.env["ir.mail_server"].with_context(send_validated_to=validated)
            message = servers._build_email__(subtype="html", subtype_alternative="plain", **email)
            sender, recipients, message = servers._prepare_email_message__(message, None)
            self.assertEqual((parcel.sender, [parcel.recipient]), (sender, recipients))
            self.assertEqual(_neutral(parcel.octets), _neutral(to_octets(message)))
            self.assertEqual(parcel.recipients, [partner] if partner else ())
        return parcels

    def _write_to_people(self, **values):
        """Have an email wait for each of PEOPLE."""
        self.contacts.unlink()
        people = [{"name": name or address, "email": address} for name, address in PEOPLE]
        self.contacts = self.env["res.partner"].create(
            [{**person, "category_id": [(4, self.category.id)]} for person in people]
        )
        self.email.mass_mailing_id.sudo().write({"body_html": BODY, **values})
        self._prepare()

    def test_names_links_and_pages(self):
        self._write_to_people(
            subject="Ein Betreff, der länger ist als eine Zeile: Grüße an {{ object.name }}, und mehr"
        )
        self.assertEqual(self._compare(), len(PEOPLE))

    def test_attachments(self):
        files = self.env["ir.attachment"].create(
            [{"name": name, "raw": raw, "mimetype": kind} for name, raw, kind in FILES[:3]]
        )
        self._write_to_people(attachment_ids=files.ids)
        self.assertEqual(self._compare(), len(PEOPLE))

    # ------------------------------------------------------------
    # What follows
    # ------------------------------------------------------------

    def _patched(self, name, method):
        return patch.object(self.env.registry["mail.mail"], name, method)

    def _assert_all_sent_once(self, addresses):
        self._run_queue()
        self._assert_accepted_once(addresses)
        self.assertEqual(self._outcomes(), {"sent": len(addresses)})
        self.assertFalse(self.env["mail.mail"].search([("marketing_handover", "=", True)]))

    def test_dead_before_anything_was_told(self):
        """Those that were accepted are known to be, and who comes next tells of them."""
        addresses = self._prepare()

        def die(_mails, parcels):
            if len(parcels) > 1:
                raise Death
            follow(_mails, parcels)

        follow = self.env.registry["mail.mail"]._follow
        with suppress(Death), self._patched("_follow", die):
            self._run_queue()
        self.assertEqual(len(self.peer.of("accepted")), len(addresses))
        self._assert_all_sent_once(addresses)

    def test_each_takes_one_statement(self):
        self._prepare()
        counts = []
        self.peer.answer = lambda stage, _address: stage == "content" and counts.append(self.cr.sql_log_count) or None
        with self._patched("_commit_and_remember", lambda mails: mails.env.cr.flush()):
            self._run_queue()
        [_first, *others] = [later - sooner for sooner, later in itertools.pairwise(counts)]
        self.assertEqual(others, [1, 1, 1])

    def test_refused_one_by_one(self):
        self._assert_each_refusal_is_its_own()

    def test_refused_one_by_one_where_commands_go_together(self):
        """MAIL, RCPT and DATA are sent at once: the server goes on to ask for the content of nobody."""
        self.peer.is_pipelining = True
        self._assert_each_refusal_is_its_own()

    def _assert_each_refusal_is_its_own(self):
        first, second, *others = self._prepare()
        refusals = {("rcpt", first): "550 5.1.1 No such user", ("content", second): "554 5.7.1 Spam"}
        refusals["content", first] = "554 no valid recipients"
        self.peer.answer = lambda stage, address: refusals.get((stage, address))
        self._run_queue()
        self._assert_accepted_once(others)
        answers = {trace.email: trace.failure_reason for trace in self.email.sudo().trace_ids.mailing_trace_ids}
        self.assertIn("No such user", answers[first])
        self.assertIn("Spam", answers[second])
        self.assertEqual(self._outcomes(), {"sent": 3, "refused": 2})
        self.assertEqual(len(self.peer.of("greet")), 1, "one connection for all of them")

    def test_read_before_it_was_noted_as_sent(self):
        """Who reads at once is known to have read, though what follows an email is written a little later."""
        addresses = self._prepare()

        def read_and_follow(mails, parcels):
            mails.browse(parcel.mail_id for parcel in parcels).mailing_trace_ids.set_opened()
            return follow(mails, parcels)

        follow = self.env.registry["mail.mail"]._follow
        with self._patched("_follow", read_and_follow):
            self._run_queue()
        messages = self.email.sudo().trace_ids.mailing_trace_ids
        self.assertEqual(messages.mapped("trace_status"), ["open"] * len(addresses))
        self.assertTrue(all(messages.mapped("sent_datetime")))

    def test_where_others_have_a_say_their_way_is_taken(self):
        addresses = self._prepare()
        seen = []

        def postprocess(mails, *args, **kwargs):
            seen.append(len(mails))
            return real(mails, *args, **kwargs)

        real = self.env.registry["mail.mail"]._postprocess_sent_message
        with self._patched("_postprocess_sent_message", postprocess):
            self._run_queue()
        self.assertEqual(seen, [1] * len(addresses))


def _neutral(octets):
    return DATE.sub(b"", BOUNDARY.sub(b"===", octets))
