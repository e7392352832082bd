"""Six weeks in the life of the demo's company: every campaign template at work on people who react.

The real engine lives through them, at the moments at which things happen; the clock and the wire alone are not real.
What happens is drawn with a fixed seed, so that each demo tells the same story up to today.
"""

import heapq
import itertools
import random
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.sql_db import Cursor

from .bench.laps import superuser
from .bench.messages import no_wire
from .demo_database import GROUPS, MANAGER, MARKETER

WEEKS = 6
TICK = timedelta(hours=4)  # how often the company's life goes on; campaigns take their steps at every second
SEED = 19

FIRST_NAMES = [
    "Aino",
    "Alba",
    "Anders",
    "Anouk",
    "Arjun",
    "Beatriz",
    "Boris",
    "Camille",
    "Chiara",
    "Darya",
    "Diego",
    "Edith",
    "Emil",
    "Fatima",
    "Felix",
    "Freya",
    "Gaspard",
    "Hana",
    "Ibrahim",
    "Ida",
    "Ilse",
    "Jakub",
    "Jonas",
    "Kaja",
    "Karim",
    "Lars",
    "Leila",
    "Linnea",
    "Luca",
    "Maren",
    "Marta",
    "Mateo",
    "Mei",
    "Nadia",
    "Nils",
    "Noor",
    "Olga",
    "Oscar",
    "Paola",
    "Pavel",
    "Rania",
    "Rasmus",
    "Rosa",
    "Samir",
    "Selma",
    "Silvia",
    "Theo",
    "Tomas",
    "Vera",
    "Yusuf",
]
LAST_NAMES = [
    "Almeida",
    "Andersen",
    "Bakker",
    "Bauer",
    "Berg",
    "Blanc",
    "Castillo",
    "Costa",
    "Dubois",
    "Eriksen",
    "Ferrari",
    "Fischer",
    "Garcia",
    "Haas",
    "Hansen",
    "Ivanova",
    "Janssen",
    "Kowalski",
    "Larsen",
    "Lefevre",
    "Lopez",
    "Marino",
    "Meyer",
    "Moreau",
    "Nielsen",
    "Novak",
    "Nowak",
    "Olsen",
    "Pereira",
    "Petit",
    "Popescu",
    "Ricci",
    "Roy",
    "Sanchez",
    "Schmidt",
    "Silva",
    "Simon",
    "Sorensen",
    "Tanaka",
    "Vidal",
    "Vogel",
    "Weber",
    "Wolf",
    "Zimmermann",
]
COUNTRIES = ("be", "fr", "de", "es", "it", "nl", "dk", "pl", "pt", "at")
ERRANDS = ("New kitchen", "Office chairs", "Shop fittings", "Garden furniture", "Lamps", "Meeting room", "Shelves")
BOUNCE = "550 5.1.1 The email account that you tried to reach does not exist"

# Which part of those who got a message do what next
BOUNCES, OPENS, CLICKS, REPLIES = 0.04, 0.62, 0.5, 0.3


def live(registry):
    """Live the weeks up to now, in a database that has just been made.

    :return: how many messages were sent
    """
    now = datetime.now().replace(microsecond=0)
    with (
        freeze_time(now - timedelta(weeks=WEEKS)) as clock,
        patch.object(Cursor, "now", _now),
        no_wire(),
        superuser(registry) as env,
    ):
        company = Company(env, clock)
        company.open()
        runs = itertools.cycle((False, True))
        while datetime.now() + TICK < now:
            company.go_on(TICK, run=next(runs))
        company.go_on(now - datetime.now())
        return company.close()


def _now(_cursor):
    return datetime.now()


class Company:
    """Its people, its campaigns, and what is still to happen.

    :param env: of the superuser, on a cursor that may be committed
    :param clock: the frozen time
    """

    def __init__(self, env, clock):
        self.env = env
        self._clock = clock
        self._random = random.Random(SEED)
        self._plan = []  # what happens when: (moment, number, function)
        self._numbers = itertools.count()
        self._visitors = itertools.count()
        self._cards = itertools.count()
        self._slow_readers = set()  # ids of contacts who read nothing but reminders
        self._people = (
            (first, last)
            for last, first in zip(itertools.cycle(LAST_NAMES), itertools.cycle(FIRST_NAMES), strict=False)
        )
        self._sent = 0
        self._seen_trace_id = 0

    # ------------------------------------------------------------
    # The beginning
    # ------------------------------------------------------------

    def open(self):
        """Engage the marketers, who make a campaign of each template, and one for text messages.

        Those for leads are the manager's: who has no rights in the CRM sees no leads.
        """
        env = self.env
        env.ref("base.user_admin").partner_id.tz = "Europe/Brussels"
        env["mail.alias.domain"].search([], limit=1) or env["mail.alias.domain"].create({"name": "example.com"})
        self._marketer = self._engage("Mara Wells", MARKETER)
        self._manager = self._engage("Max Reed", MANAGER)
        self._fair = env["res.partner.category"].create({"name": "Met at the fair", "color": 3})
        self._newsletter = env.ref("mass_mailing.mailing_list_data")
        self._seen_trace_id = env["mailing.trace"].search([], order="id desc", limit=1).id or 0
        with self._as(self._marketer):
            fair = repr([("category_id", "in", self._fair.ids), ("email", "!=", False)])
            email = env["ir.model.fields"]._get("res.partner", "email").id
            favorite = self._save_as_favorite("Met at the fair, with an email", fair)
            audience = {"domain": fair, "unique_field_id": email, "mailing_filter_id": favorite.id}
            self._catalogue = self._make("prospection", "Autumn catalog", **audience)
            self._make_more_steps(self._catalogue)
            self._summer = self._make("hot_contacts", "Summer sale", **audience)
            self._make("welcome", "Newsletter: welcome")
            self._make("double_optin", "Newsletter: consent")
            self._make_invitation()
        with self._as(self._manager):
            self._make("schedule_calls", "Leads: first call")
            self._make("hot_leads", "Leads: introduction")
        for _contact in range(12):
            self._meet()
        env.cr.commit()
        for campaign in self._campaigns():
            campaign.with_user(campaign.user_id).action_start_campaign()
        env.cr.commit()

    def _engage(self, name, login):
        return self.env["res.users"].create(
            {
                "name": name,
                "login": login,
                "password": login,
                "email": f"{name.lower().replace(' ', '.')}@example.com",
                "tz": "Europe/Brussels",
                "group_ids": [(6, 0, [self.env.ref(group).id for group in GROUPS[login]])],
                # on a phone OdooBot would introduce itself over all else
                "odoobot_state": "disabled",
            }
        )

    @contextmanager
    def _as(self, user):
        env, self.env = self.env, self.env(user=user)
        yield
        self.env = env

    def _campaigns(self):
        return self.env["marketing.campaign"].search([("user_id", "in", (self._marketer + self._manager).ids)])

    def _save_as_favorite(self, name, domain):
        model = self.env["ir.model"]._get("res.partner")
        return self.env["mailing.filter"].create({"name": name, "mailing_model_id": model.id, "mailing_domain": domain})

    def _make(self, key, name, **values):
        action = self.env["marketing.campaign"].create_from_template(key)
        campaign = self.env["marketing.campaign"].browse(action["res_id"])
        campaign.write({"name": name, **values})
        return campaign

    def _make_more_steps(self, campaign):
        """After the reminder of the template: a visit for who reads it, a goodbye for who does not.

        Nobody calls people without knowing where they live.
        """
        call = campaign.marketing_activity_ids.filtered(lambda activity: activity.name == "Call")
        call.activity_domain = repr([("country_id", "!=", False)])
        reminder = campaign.marketing_activity_ids.filtered(lambda activity: activity.name == "Reminder")
        self._reminder = reminder.mass_mailing_id
        reminder.write(
            {"validity_duration": True, "validity_duration_number": 5, "validity_duration_type": "days"},
        )
        mailing = self.env["mailing.mailing"].browse(
            reminder.mass_mailing_id.copy({"subject": "Shall we write again?"}).id
        )
        model = campaign.model_id.id
        region = (
            self.env["ir.actions.server"]
            .sudo()
            .create(
                {
                    "name": "Find the salesperson of the region",
                    "model_id": model,
                    "usage": "marketing_automation",
                    "state": "code",
                    "group_ids": [(6, 0, self.env.ref(GROUPS[MARKETER][0]).ids)],  # who may not change contacts
                    "code": "if not record.country_id:\n"
                    "    raise UserError('The contact has no country, so that nobody is in charge of it.')\n"
                    "record.sudo().write({'user_id': env.ref('base.user_admin').id})",
                }
            )
        )
        for values in (
            {
                "name": "Find the salesperson",
                "trigger_type": "mail_open",
                "activity_type": "action",
                "server_action_id": region.id,
            },
            {
                "name": "Ask whether to go on",
                "trigger_type": "mail_not_open",
                "interval_number": 1,
                "interval_type": "weeks",
                "activity_type": "email",
                "mass_mailing_id": mailing.id,
            },
        ):
            self.env["marketing.activity"].create({"campaign_id": campaign.id, "parent_id": reminder.id, **values})

    def _make_invitation(self):
        """A text message to who can be called."""
        model = self.env["ir.model"]._get("res.partner").id
        campaign = self.env["marketing.campaign"].create(
            {
                "name": "Open day",
                "model_id": model,
                "domain": repr([("category_id", "in", self._fair.ids), ("phone", "!=", False)]),
            }
        )
        text = self.env["mailing.mailing"].create(
            {
                "subject": "Open day",
                "mailing_type": "sms",
                "body_plaintext": "Our workshop opens its doors: come and see! https://www.example.com/open-day",
                "mailing_model_id": model,
                "use_in_marketing_automation": True,
            }
        )
        values = {"campaign_id": campaign.id, "name": "Invitation", "activity_type": "sms", "mass_mailing_id": text.id}
        values |= {"trigger_type": "begin", "interval_number": 2, "interval_type": "days"}
        invitation = self.env["marketing.activity"].create(values)
        tag = self.env.ref("marketing_automation.campaign_prospection").marketing_activity_ids.server_action_id
        values = {"campaign_id": campaign.id, "name": "Tag as Hot", "activity_type": "action"}
        values |= {"server_action_id": tag.id, "trigger_type": "sms_click", "parent_id": invitation.id}
        self.env["marketing.activity"].create(values)

    # ------------------------------------------------------------
    # Day by day
    # ------------------------------------------------------------

    def go_on(self, period, run=True):
        """Let time pass: what was planned happens, people come, the campaigns take their next steps.

        :param timedelta period:
        :param run: False: without those steps
        """
        end = datetime.now() + period
        while self._plan and self._plan[0][0] <= end:
            moment, _number, happen = heapq.heappop(self._plan)
            self._clock.move_to(moment)
            happen()
            self.env.cr.commit()
        self._clock.move_to(end)
        self._welcome_people()
        self.env.cr.commit()
        if run:
            self._run()
            self._plan_reactions()
        if self._summer.state == "running" and not self._is_summer():
            self._summer.with_user(self._marketer).action_stop_campaign()
        self.env.cr.commit()

    def _is_summer(self):
        return datetime.now() < self._started + timedelta(weeks=3)

    @property
    def _started(self):
        return self._marketer.create_date

    def _welcome_people(self):
        """People come at daytime, less at weekends."""
        moment = datetime.now()
        daytime, busy = 7 <= moment.hour <= 19, moment.weekday() < 5
        for come, rate in ((self._meet, 0.9), (self._subscribe, 0.5), (self._ask, 0.35)):
            if daytime and self._random.random() < (rate if busy else rate / 3):
                come()

    def _meet(self):
        """Somebody leaves a card at the fair; some cards are incomplete, some are given twice.

        Which ones is not drawn: whatever the hour and the day of the week that the story begins at, the dozen who
        are there at its beginning have one of each kind.
        """
        first, last = next(self._people)
        chance, card = self._random.random, next(self._cards)
        country = self._random.choice(COUNTRIES)
        values = {
            "name": f"{first} {last}",
            "email": self._address(first, last),
            "phone": f"+32470{self._random.randrange(10**5, 10**6)}" if chance() < 0.4 else False,
            "category_id": [(4, self._fair.id)],
            "country_id": False if card % 8 == 3 else self.env.ref(f"base.{country}").id,
            "user_id": self.env.ref("base.user_admin").id if chance() < 0.5 else False,
        }
        if card % 30 == 5:
            values["email"] = f"{first.lower()}@"
        partner = self.env["res.partner"].create(values)
        if card % 24 == 3:
            self._slow_readers.add(partner.id)
        if card % 30 == 9:
            self.env["mail.blacklist"]._add(partner.email)

    def _subscribe(self):
        first, last = next(self._people)
        values = {"name": f"{first} {last}", "email": self._address(first, last)}
        self.env["mailing.contact"].create({**values, "subscription_ids": [(0, 0, {"list_id": self._newsletter.id})]})

    def _ask(self):
        """A customer asks for an offer."""
        self._make_lead(self._random.choice(self.env["res.partner"].search([("category_id", "in", self._fair.ids)])))

    def _make_lead(self, partner, **values):
        errand = self._random.choice(ERRANDS)
        values |= {"name": f"{errand} for {partner.name}", "partner_id": partner.id, "type": "opportunity"}
        lead = self.env["crm.lead"].create({**values, "expected_revenue": self._random.randrange(5, 80) * 100})
        if self._random.random() < 0.25:
            self._later(self._random.uniform(24, 200), lead.action_set_won)

    def _address(self, first, last):
        return f"{first}.{last}@example.com".lower()

    def _run(self):
        """What Odoo's scheduled actions do; several times where messages leave, for what follows at once."""
        running = self._campaigns().filtered(lambda campaign: campaign.state == "running")
        running.sync_participants()
        running.execute_activities()
        for _round in range(3):
            if not self._has_messages_to_send():
                break
            self.env["mail.mail"].process_email_queue()
            self.env["sms.sms"]._process_queue()
            running.execute_activities()
        self.env.invalidate_all()

    def _has_messages_to_send(self):
        outgoing = [("state", "=", "outgoing")]
        return any(self.env[model].search_count(outgoing, limit=1) for model in ("mail.mail", "sms.sms"))

    # ------------------------------------------------------------
    # Reactions
    # ------------------------------------------------------------

    def _plan_reactions(self):
        """Decide, for each message that has just left, what its recipient does with it."""
        traces = self.env["mailing.trace"].search(
            [("id", ">", self._seen_trace_id), ("marketing_trace_id", "!=", False)], order="id"
        )
        for trace in traces:
            self._seen_trace_id = trace.id
            if trace.trace_status in ("sent", "pending", "process"):
                self._sent += 1
                plan = self._plan_email if trace.trace_type == "mail" else self._plan_sms
                plan(trace)

    def _plan_email(self, trace):
        if trace.model == "res.partner" and trace.res_id in self._slow_readers:
            if trace.mass_mailing_id == self._reminder:
                self._later(2, trace.set_opened)
            return
        chance, hours = self._random.random, self._random.lognormvariate(1.6, 1.2)
        if chance() < BOUNCES:
            self._later(0.1, lambda: trace.set_bounced(bounce_message=BOUNCE))
        elif chance() < OPENS:
            self._later(hours, trace.set_opened)
            if chance() < CLICKS:
                self._later(hours + 0.05, lambda: self._click(trace))
                if chance() < REPLIES:
                    self._later(hours + self._random.uniform(0.5, 30), trace.set_replied)
            elif chance() < 0.03:
                self._later(hours + 0.1, lambda: self.env["mail.blacklist"]._add(trace.email))

    def _plan_sms(self, trace):
        self._later(0.02, trace.set_sent)
        if self._random.random() < 0.4:
            self._later(self._random.lognormvariate(0, 1), lambda: self._click(trace))

    def _click(self, trace):
        links = self.env["link.tracker"].search([("mass_mailing_id", "=", trace.mass_mailing_id.id)])
        if not links:
            return
        country = self._random.choice(COUNTRIES).upper()
        context = {}
        if trace.mass_mailing_id.marketing_confirm_click:
            from odoo.addons.marketing_automation.engine.context import CLICK_KEY, ConfirmedClick

            context = {CLICK_KEY: ConfirmedClick("203.0.113.7")}
        self.env["link.tracker.click"].with_context(**context).add_click(
            self._random.choice(links).code,
            ip=f"203.0.113.{self._random.randrange(1, 255)}",
            country_code=country,
            mailing_trace_id=trace.id,
        )
        if trace.model == "res.partner" and next(self._visitors) % 3 == 0:
            self._order(trace)

    def _order(self, trace):
        """A visitor whom a campaign brought to the shop asks for an offer there."""
        partner = self.env["res.partner"].browse(trace.res_id)
        self._make_lead(partner, campaign_id=trace.mass_mailing_id.campaign_id.id)

    def _later(self, hours, happen):
        """Have something happen; what a user of Odoo could not do either is left alone."""

        def happen_if_possible():
            try:
                with self.env.cr.savepoint():
                    happen()
            except UserError:
                pass

        heapq.heappush(self._plan, (datetime.now() + timedelta(hours=hours), next(self._numbers), happen_if_possible))

    # ------------------------------------------------------------
    # Today
    # ------------------------------------------------------------

    def close(self):
        """Leave nothing undone; return how many messages were sent."""
        self.env["ir.cron.trigger"].search([("call_at", "<=", datetime.now())]).unlink()
        self.env.cr.commit()
        return self._sent
