"""The plans of the engine's queries: with enough rows for a choice, PostgreSQL takes the index that is meant for each.

Nothing is timed. The statements are caught as the engine sends them, and explained.
"""

import itertools
import threading
from contextlib import contextmanager
from datetime import timedelta

from odoo.tests import tagged

from ..engine.behaviour import read_behaviour
from ..engine.occurrences import Look
from .common import MarketingAutomationCommon
from .test_entry_dates import EntryDatesCase

CONTACTS = 5_000
CAMPAIGNS = 12  # of which one is looked at
BIG = {"marketing_participant", "marketing_trace", "marketing_trace_event", "mailing_trace", "marketing_pressure"}
CONTACT_ROWS = """
INSERT INTO res_partner (name, complete_name, email, email_normalized, city, active, type)
SELECT 'P' || i, 'P' || i, a, a, 'Planville', TRUE, 'contact'
  FROM (SELECT i, 'p' || i || '@people.example.com' AS a FROM generate_series(1, %s) AS i) AS c
"""
# Contacts with dates of 99 years. The indexes of new fields are of no use to the transaction that made them, where
# contacts were changed in it: these are of a table of its own, which takes the place of Odoo's until its end.
DATED_CONTACTS = """
CREATE TEMPORARY TABLE res_partner (LIKE public.res_partner) ON COMMIT DROP;
CREATE INDEX x_renewal_index ON pg_temp.res_partner (x_renewal);
CREATE INDEX x_visit_index ON pg_temp.res_partner (x_visit);
INSERT INTO pg_temp.res_partner SELECT * FROM public.res_partner;
UPDATE pg_temp.res_partner SET x_renewal = date '1930-01-01' + id * 79 % 36000;
UPDATE pg_temp.res_partner SET x_visit = x_renewal;
ANALYZE pg_temp.res_partner;
"""
PARTICIPANT_ROWS = """
INSERT INTO marketing_participant (campaign_id, model_name, res_id, run, state, is_test, unicity_key, source,
                                   date_start)
SELECT a.campaign_id, 'res.partner', p.id, 1, 'running', FALSE, p.email_normalized, 'filter', %s
  FROM res_partner p, marketing_activity a WHERE p.city = 'Planville' AND a.id = ANY(%s)
"""
# The mail of nearly all is sent; a few are due, wait for an open, or failed.
TRACE_ROWS = """
INSERT INTO marketing_trace (participant_id, campaign_id, activity_id, visit, res_id, is_test, attempt, state,
                             schedule_date, done_date, sent_date, wait_until)
SELECT p.id, p.campaign_id, a.id, 1, p.res_id, FALSE, 1,
       CASE p.res_id %% 100 WHEN 0 THEN 'scheduled' WHEN 1 THEN 'error' ELSE 'processed' END,
       p.date_start, CASE p.res_id %% 100 WHEN 0 THEN NULL ELSE p.date_start END,
       CASE p.res_id %% 100 WHEN 0 THEN NULL WHEN 1 THEN NULL ELSE p.date_start END,
       CASE p.res_id %% 100 WHEN 2 THEN p.date_start + interval '1 hour' END
  FROM marketing_participant p JOIN marketing_activity a ON a.campaign_id = p.campaign_id
 WHERE a.id = ANY(%s)
"""
WAITING_ROWS = """
INSERT INTO marketing_trace (participant_id, campaign_id, activity_id, visit, res_id, is_test, attempt, state,
                             waiting_since)
SELECT p.id, p.campaign_id, a.id, 1, p.res_id, FALSE, 1, 'scheduled', %s
  FROM marketing_participant p JOIN marketing_activity a ON a.campaign_id = p.campaign_id
 WHERE a.id = ANY(%s)
"""
EVENT_ROWS = """
INSERT INTO marketing_trace_event (trace_id, event, date, source, campaign_id, activity_id, participant_id, is_test,
                                   consumed)
SELECT t.id, e.event, t.done_date, 'plans', t.campaign_id, t.activity_id, t.participant_id, FALSE,
       t.res_id %% 100 != 3
  FROM marketing_trace t, unnest(ARRAY['sent', 'open']) AS e (event)
 WHERE t.state = 'processed' AND (e.event = 'sent' OR t.res_id %% 3 = 0)
"""
MESSAGE_ROWS = """
INSERT INTO mailing_trace (trace_type, model, res_id, email, trace_status, mass_mailing_id, marketing_trace_id)
SELECT 'mail', 'res.partner', p.id, p.email_normalized, 'sent', a.mass_mailing_id, t.id
  FROM marketing_trace t
  JOIN marketing_activity a ON a.id = t.activity_id
  JOIN res_partner p ON p.id = t.res_id
 WHERE t.state = 'processed'
"""


class PlansCase(MarketingAutomationCommon):
    BIG = BIG  # tables of which nothing is read whole

    @contextmanager
    def _plans(self):
        """Give the list of the plans of all statements that are sent within the block, filled at its end.

        :return: list of (statement, nodes); a node is a dict as EXPLAIN gives it
        """
        sent, plans = [], []
        thread = threading.current_thread()
        hooks = thread.query_hooks = getattr(thread, "query_hooks", [])

        def note(_cr, query, params, *_times):
            sent.append((query, params))

        hooks.append(note)
        try:
            yield plans
        finally:
            hooks.remove(note)
        for query, params in sent:
            if any(table in query for table in self.BIG):
                self.env.cr.execute("EXPLAIN (FORMAT JSON) " + query, params)
                plans.append((query, list(self._nodes(self.env.cr.fetchone()[0][0]["Plan"]))))

    def _nodes(self, plan):
        yield plan
        for child in plan.get("Plans", ()):
            yield from self._nodes(child)

    def assertIndexes(self, plans, *expected):
        """Assert that no big table is read whole, and that these indexes are used."""
        self.assertTrue(plans, "no statement was caught")
        for query, nodes in plans:
            whole = [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]
            self.assertFalse(self.BIG.intersection(whole), f"read whole by {query}")
        used = {node["Index Name"] for _query, nodes in plans for node in nodes if "Index Name" in node}
        self.assertLessEqual(set(expected), used)


@tagged("post_install", "-at_install")
class TestPlans(PlansCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.cr.execute(CONTACT_ROWS, [CONTACTS])
        emails = [cls._make_email() for _campaign in range(CAMPAIGNS)]
        cls.email = emails[0]
        cls.campaign = cls.email.campaign_id
        email_ids = [email.id for email in emails]
        cls.env.flush_all()
        for statement, values in [
            (PARTICIPANT_ROWS, [cls.start, email_ids]),
            (TRACE_ROWS, [email_ids]),
            (EVENT_ROWS, []),
            (MESSAGE_ROWS, []),
        ]:
            cls.env.cr.execute(statement, values)
        cls.env.cr.execute(f"ANALYZE res_partner, marketing_campaign, {', '.join(sorted(BIG))}")
        cls.env.invalidate_all()

    @classmethod
    def _make_email(cls):
        """The email of a running campaign, after which an action waits for an open; nobody is enrolled yet."""
        campaign = cls._create_campaign(domain="[('id', '=', 0)]")
        email = cls._create_email(campaign, "Welcome")
        cls._create_action(campaign, "Act", "mail_open", email)
        campaign.action_start_campaign()
        return email

    # ------------------------------------------------------------
    # The engine
    # ------------------------------------------------------------

    def test_what_is_due(self):
        """An idle run and the next wake-up read two partial indexes."""
        engine = self.env["marketing.campaign"]
        with self._plans() as plans:
            engine._get_next_due()
            self.campaign.sudo()._expire_waits(self.start - timedelta(days=1))
        self.assertIndexes(plans, "marketing_trace_due", "marketing_trace_waiting")

    def test_execution(self):
        """A run plans, claims, sifts and executes what is due without reading a table whole."""
        with self._plans() as plans:
            self._execute(self.campaign, self.start + timedelta(minutes=1))
        self.assertIndexes(plans, "marketing_trace_due", "marketing_trace_pkey", "marketing_participant_pkey")
        self.assertFalse(self.email.trace_ids.filtered(lambda trace: trace.state == "scheduled"))

    def test_events(self):
        """New events are found by the index of those that are not consumed, their facts by trace."""
        with self._plans() as plans:
            self.campaign.sudo()._consume_next_events(self.start + timedelta(minutes=1))
        self.assertIndexes(plans, "marketing_trace_event_to_consume", "marketing_trace_event__trace_id_index")

    def test_recording_an_event(self):
        trace = self.email.sudo().trace_ids[0]
        with self._plans() as plans:
            self.env["marketing.trace.event"].sudo().record_events("open", trace.ids, "plans")
        self.assertIndexes(plans, "marketing_trace_pkey")

    def test_reports_of_one_campaign(self):
        """They read what is of that campaign, by its indexes; the funnel and the results read neither table."""
        mine = [("campaign_id", "=", self.campaign.id)]
        with self._plans() as plans:
            self.env["marketing.cohort.report"]._read_group(mine, ["date_start:week"], ["entered:sum"])
            self.env["marketing.delivery.report"]._read_group(mine, ["email_domain"], ["sent:sum", "open_rate:avg"])
            self.email.get_click_map()
        self.assertIndexes(
            *(plans, "marketing_trace_by_activity", "mailing_trace__marketing_trace_id_index"),
            *("marketing_trace_event__trace_id_index", "marketing_trace_event_people_clicks"),
        )
        with self._plans() as plans:
            self.campaign.get_funnel()
            self.env["marketing.step.report"]._read_group(mine, ["activity_id"], ["sent:sum"])
        for query, nodes in plans:
            read = {node.get("Relation Name") for node in nodes} & {"marketing_participant", "marketing_trace"}
            self.assertFalse(read, query)

    def test_duplicates(self):
        """Who got a step already is found by the step's mailing and the address."""
        traces = self.email.sudo().trace_ids[:5]
        emails = {trace.id: [f"p{trace.res_id}@people.example.com"] for trace in traces}
        with self._plans() as plans:
            traces._find_duplicates(emails)
        self.assertIndexes(plans, "mailing_trace_marketing_email")

    def test_messages_to_one_address(self):
        """Who got how many, whose turn it is, and mailings, are found by the address."""
        for key, value in (("mail_on", "True"), ("mail", "2"), ("mailings", "True")):
            self.env["ir.config_parameter"].set_param(f"marketing_automation.cap_{key}", value)
        self.env.cr.execute(
            "INSERT INTO marketing_pressure SELECT 'k' || i, 'mail', ARRAY[now()], '{0}' FROM generate_series(1, %s) i",
            [CONTACTS],
        )
        self.env.cr.execute("ANALYZE marketing_pressure")
        traces = self.email.sudo().trace_ids[:5]
        addresses = {trace.id: f"p{trace.res_id}@people.example.com" for trace in traces}
        with self._plans() as plans:
            self.assertFalse(traces._ask_for_place(addresses, traces._get_cap(), self.start))
            self.assertFalse(traces._confirm_places(addresses, set(traces.ids), self.start))
        self.assertIndexes(
            *(plans, "marketing_pressure_pkey"),
            *("marketing_trace_pressed", "mailing_trace_marketing_email_of_mailings"),
        )

    def test_who_waits(self):
        """A look at who waits is one statement for each step; it reads neither who has gone on, nor a table whole."""
        campaign = self._create_campaign(domain="[('id', '=', 0)]")
        values = {"wait_domain": "[('email_normalized', 'in', ('p7@people.example.com', 'p9@people.example.com'))]"}
        wait = self._create_activity(campaign, "Wait", "wait", "begin", None, **values)
        campaign.action_start_campaign()
        self.env.flush_all()
        self.env.cr.execute(PARTICIPANT_ROWS, [self.start, wait.ids])
        self.env.cr.execute(WAITING_ROWS, [self.start, wait.ids])
        self.env.cr.execute("ANALYZE marketing_participant, marketing_trace")
        campaign = campaign.sudo()
        campaign.wait_look_date = self.start
        self.env.flush_all()
        self.env.invalidate_all()
        with self._plans() as plans:
            self.assertEqual(campaign._look_at_waits(self.start), 2)
        self.assertEqual(len(plans), 1)
        self.assertIndexes(plans, "marketing_trace_at_wait")

    def test_who_behaved(self):
        """One query a line: participants by record, steps by participant, events by step; also of any campaign."""
        lines = [
            {"event": "open"},
            {"event": "sent", "span": "days", "days": 3, "times": 2},
            {"event": "open", "span": "run", "activity": self.email.id, "did": False},
            {"event": "click", "link": "offer", "anywhere": True},
        ]
        behaviour = read_behaviour({"lines": lines, "any": True})
        traces = self.email.sudo().trace_ids[:20]
        with self._plans() as plans:
            self.assertTrue(self.email.sudo()._find_behaving(behaviour, traces, self.start))
        self.assertEqual(len([query for query, _nodes in plans if "marketing_trace_event" in query]), len(lines))
        self.assertIndexes(plans, "marketing_trace_step_uniq", "marketing_trace_event__trace_id_index")

    def test_whose_event_has_come(self):
        """Whoever waits for an event is asked by their own steps and events."""
        participants = self.email.sudo().trace_ids[:20].participant_id
        with self._plans() as plans:
            self.assertTrue(self.email.sudo()._find_reached("open", participants))
            self.env["marketing.trace"].sudo()._ask_waiting(participants, self.email.ids, self.start)
        self.assertIndexes(plans, "marketing_trace_step_uniq", "marketing_trace_event__trace_id_index")

    def test_which_link_was_clicked(self):
        """The facts of a batch, with their links, are read by trace."""
        traces = self.email.sudo().trace_ids.filtered(lambda trace: trace.state == "processed")[:20]
        with self._plans() as plans:
            traces._get_facts()
            traces._get_clicks(traces.ids)
        self.assertIndexes(plans, "marketing_trace_event__trace_id_index")

    def test_enrolment(self):
        """Who is a participant already is found by record, or by what the campaign is unique by."""
        [last] = self.env["res.partner"].search([("city", "=", "Planville")], order="id desc", limit=1)
        campaign = self._target_everybody()
        with self._plans() as plans:
            campaign._enrol(self.start, 100, after_id=last.id - 100)
        self.assertIndexes(plans, "marketing_participant_record_uniq")
        self.assertEqual(len(campaign.participant_ids), CONTACTS)

    def test_reentry(self):
        """Whoever was in before is found as newcomers are, however many have completed the workflow."""
        campaign = self._target_everybody()
        campaign.workflow = {**campaign.workflow, "reentry": "always"}
        [last] = self.env["res.partner"].search([("city", "=", "Planville")], order="id desc", limit=1)
        with self._plans() as plans:
            people, _last_id = campaign._enrol(
                self.start, 100, res_ids=list(range(last.id - 99, last.id + 1)), source="event"
            )
        self.assertEqual((len(people), set(people.mapped("run"))), (100, {2}))
        self.assertIndexes(plans, "marketing_participant_record_uniq")

    def test_foreign_keys(self):
        """Each costs an enrolment a look-up a participant: a tenth of its time. Who adds one says why here."""
        self.env.cr.execute(
            """SELECT a.attname FROM pg_constraint c
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)
                WHERE c.contype = 'f' AND c.conrelid = 'marketing_participant'::regclass ORDER BY 1"""
        )
        self.assertEqual([name for (name,) in self.env.cr.fetchall()], ["campaign_id", "create_uid", "write_uid"])

    def test_leaving(self):
        """Who left the filter is found by joins: a list of ids would be gone through for each participant."""
        campaign = self._target_everybody()
        with self._plans() as plans:
            campaign._remove_unmatched_participants(self.start)
        self.assertIndexes(plans, "marketing_participant_by_state")
        for query, nodes in plans:
            self.assertFalse([node for node in nodes if "Subplan Name" in node], query)
        self.assertEqual(set(campaign.participant_ids.mapped("state")), {"running"})

    def _target_everybody(self):
        campaign = self.campaign.sudo()
        campaign.workflow = {**campaign.workflow, "domain": "[('city', '=', 'Planville')]"}
        return campaign

    # ------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------

    def test_counts_of_the_form(self):
        """Numbers of the form come from counters, and from the events that are not counted yet."""
        engine = self.env["marketing.campaign"].sudo()
        while engine._fold_counters(self.start + timedelta(days=1)):
            pass
        self.env.cr.execute("ANALYZE marketing_trace_event")
        with self._plans() as plans:
            self.campaign.read(["running_participant_count", "error_count", "success_rate"])
            self.email.read(["processed", "total_sent", "total_open", "statistics_graph_data"])
        self.assertIndexes(plans, "marketing_trace_event_uncounted")
        used = {node.get("Relation Name") for _query, nodes in plans for node in nodes}
        self.assertLessEqual(BIG.intersection(used), {"marketing_trace_event"})

    def test_participants_of_a_record(self):
        contact = self.env["res.partner"].search([("city", "=", "Planville")], limit=1)
        with self._plans() as plans:
            domain = [("model_name", "=", "res.partner"), ("res_id", "=", contact.id)]
            self.assertEqual(self.env["marketing.participant"].sudo().search_count(domain), CAMPAIGNS)
        self.assertIndexes(plans, "marketing_participant_by_record")


@tagged("post_install", "-at_install")
class TestEntryPlans(PlansCase, EntryDatesCase):
    """Whoever enters by a date is found by an index of that field."""

    BIG = {"res_partner"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.domain = "[('city', '=', 'Planville')]"
        cls.env.flush_all()
        cls.env.cr.execute(CONTACT_ROWS, [CONTACTS])
        cls.env.cr.execute(DATED_CONTACTS)

    def test_dates_and_anniversaries(self):
        for entry_type, field in itertools.product(("date", "anniversary"), ("x_renewal", "x_visit")):
            with self.subTest(entry_type, field=field):
                self._by(entry_type, field)
                campaign = self.campaign.sudo()._as_described(self.marketer)
                [running] = campaign._get_workflow().entries
                entries = campaign.env["marketing.entry"]
                look = Look(entries._get_rule(campaign, running), self.start - timedelta(days=1), self.start)
                with self._plans() as plans:
                    entries._find_due(campaign, running, look, 100)
                self.assertIndexes(plans, f"{field}_index")
