"""What happens in other apps brings people into campaigns: each of the ready-made events, as users cause it.

One server on a database with these apps, for all of them; an engine in a process of its own is told which time it is.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE

import pytest
from company import BODY, MAIL_CRON, model_of
from modules import complaints, run_cron, uninstall
from real_odoo import MARKETER_GROUP, RpcError, real_odoo
from smtp_sink import running_sink
from website_visitor import Visitor

from tools.forked import Forked
from tools.paths import ODOO_CONF
from tools.postgres import Server
from tools.test_databases import WIDE, run_database
from tools.workspace import workspace

SCRIPT = Path(__file__).with_name("moments_process.py")


class Shop:
    """A company with a website, a shop, events and surveys."""

    def __init__(self, server, sink):
        self.server, self.rpc, self.sink = server, server.rpc, sink
        self._engine = None
        values = {"list_price": 40, "is_published": True}
        products = [{"name": "Lamp", **values}, {"name": "Bulb", **values}, {"name": "Lantern", **values}]
        self.product, self.other, self.lantern = self.rpc("product.template", "create", products)

    def start_engine(self):
        self._engine = Forked([SCRIPT, ODOO_CONF, self.server.database], stdin=PIPE, stdout=PIPE)
        assert self._engine.stdout.readline() == "ready\n"

    def stop_engine(self):
        if self._engine:
            self._engine.stdin.close()
            self._engine.wait(60)

    def run(self, **later):
        """Have the engine work as of a while from now."""
        moment = datetime.now(UTC).replace(tzinfo=None) + timedelta(**later)
        self._engine.stdin.write(f"{moment.isoformat()}\n")
        self._engine.stdin.flush()
        assert self._engine.stdout.readline() == "done\n"

    def make_portal_user(self, name):
        """:return: the id of the contact, who has an account whose login and password are the name"""
        values = {"name": name, "login": name.lower(), "password": name.lower(), "email": address(name)}
        values["group_ids"] = [(6, 0, [self.server.ref("base.group_portal")])]
        user = self.rpc("res.users", "create", values, context={"no_reset_password": True})
        [values] = self.rpc("res.users", "read", [user], ["partner_id"])
        return values["partner_id"][0]

    def visitor(self, login=None):
        visitor = Visitor(self.server.url)
        if login:
            visitor.log_in(login)
        return visitor

    def put_in_cart(self, visitor, product=None):
        product = product or self.product
        [variant] = self.rpc("product.product", "search", [("product_tmpl_id", "=", product)])
        visitor.call("/shop/cart/add", product_template_id=product, product_id=variant)

    def start_campaign(self, kind, target="res.partner", **values):
        """Start a campaign that people enter by an event.

        :return: its id
        """
        campaign = self.make_campaign(self.rpc, kind, target, **values)
        self.rpc("marketing.campaign", "action_start_campaign", [campaign])
        return campaign

    def make_campaign(self, rpc, kind, target="res.partner", **values):
        """Make a campaign that people enter by an event; it sends them one email.

        :param rpc: as who calls
        :return: its id
        """
        subject = values.pop("subject", f"{kind} of {target}")
        model = model_of(self.rpc, target)
        mail = {"subject": subject, "body_html": BODY, "mailing_model_id": model, "use_in_marketing_automation": True}
        mail = rpc("mailing.mailing", "create", {**mail, "mailing_type": "mail"})
        step = {"name": subject, "activity_type": "email", "mass_mailing_id": mail, "interval_number": 0}
        entry = {"entry_type": "event", "event_kind": kind, **values}
        lines = {"entry_ids": [(5,), (0, 0, entry)], "marketing_activity_ids": [(0, 0, step)]}
        return rpc("marketing.campaign", "create", {"name": subject, "model_id": model, **lines})

    def stop_campaigns(self):
        running = self.rpc("marketing.campaign", "search", [("state", "=", "running")])
        self.rpc("marketing.campaign", "action_stop_campaign", running)

    def problem(self, rpc, campaign):
        """:return: what the entry of a campaign says is wrong, if anything"""
        [entry] = rpc("marketing.entry", "search_read", [("campaign_id", "=", campaign)], ["problem"])
        return entry["problem"]

    def move_lines(self, partner, **later):
        """Have the cart of a contact be touched a while from now, since nobody waits for that."""
        query = """
            UPDATE sale_order_line SET write_date = now() AT TIME ZONE 'UTC' + %s
             WHERE order_id IN (SELECT id FROM sale_order WHERE partner_id = %s) RETURNING id
        """
        assert self.server.query(query, timedelta(**later), partner)

    def inside(self, campaign):
        """:return: the ids of the records that came in, in order of their passages"""
        query = "SELECT res_id FROM marketing_participant WHERE campaign_id = %s ORDER BY id"
        return [res_id for (res_id,) in self.server.query(query, campaign)]


def address(name):
    return f"{name.lower()}@people.example.com"


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory):
    with workspace() as space, run_database(space, WIDE) as (template, _origin), running_sink() as sink:
        make = lambda databases, name: databases.clone(template, name)  # noqa: E731
        options = ["--max-cron-threads=0"]
        with real_odoo(sink.port, tmp_path_factory.mktemp("shop"), make, options) as server:
            server.rpc("res.users", "write", [2], {"email": "admin@company.example.com"})
            shop = Shop(server, sink)
            shop.start_engine()
            yield shop
            shop.stop_engine()
            assert not complaints(server)


@pytest.fixture
def shop(open_shop):
    """The shop; what a test starts ends with it."""
    yield open_shop
    open_shop.stop_campaigns()


def test_page(shop):
    """Who visits a page enters, once a visit: who is logged in, or has told who they are by a form."""
    ada = shop.make_portal_user("Ada")
    visitor = shop.visitor("ada")
    visitor.open("/contactus")
    campaign = shop.start_campaign("page", event_page="/contactus")
    shop.run()
    visitor.open("/")
    shop.run(minutes=5)
    assert shop.inside(campaign) == []
    visitor.open("/contactus")
    shop.visitor().open("/contactus")
    shop.run(minutes=10)
    assert shop.inside(campaign) == [ada]
    shop.run(minutes=15)
    assert shop.inside(campaign) == [ada]

    # by a form: for what they visited within the last day, and for all that they visit from then on
    bea, cas = shop.rpc("res.partner", "create", [{"name": name, "email": address(name)} for name in ("Bea", "Cas")])
    early, late = shop.visitor(), shop.visitor()
    early.open("/contactus"), late.open("/contactus")
    shop.run(minutes=20)
    assert shop.inside(campaign) == [ada], "nobody knows who that is"
    early.submit("crm.lead", name="Lamps", contact_name="Bea", email_from=address("Bea"))
    shop.run(minutes=25)
    assert shop.inside(campaign) == [ada, bea]
    shop.run(days=1, hours=1)
    shop.run(days=2, hours=2)
    late.submit("crm.lead", name="Lamps", contact_name="Cas", email_from=address("Cas"))
    shop.run(days=2, hours=3)
    assert shop.inside(campaign) == [ada, bea], "that was more than a day ago"
    shop.server.query("UPDATE website_track SET visit_datetime = visit_datetime - interval '1 hour' RETURNING id")
    late.open("/contactus")
    shop.run(days=2, hours=4)
    assert shop.inside(campaign) == [ada, bea, cas]


def test_a_page_that_is_noted_late(shop):
    """Website notes a visit in the transaction of the page: one that takes long is not missed."""
    ben, bob = shop.make_portal_user("Ben"), shop.make_portal_user("Bob")
    shop.visitor("ben").open("/"), shop.visitor("bob").open("/")
    campaign = shop.start_campaign("page", event_page="/slow")
    note = """INSERT INTO website_track (visitor_id, url, visit_datetime)
              SELECT id, 'http://example.com/slow', now() AT TIME ZONE 'UTC' FROM website_visitor
               WHERE partner_id = %s"""
    slow = Server.from_environment().connect(shop.server.database)
    slow.autocommit = False
    with slow.cursor() as cr:
        cr.execute(note, (ben,))
    shop.server.query(note + " RETURNING id", bob)
    shop.run(minutes=5)
    assert shop.inside(campaign) == [bob]
    shop.run(minutes=10)
    slow.commit()
    slow.close()
    shop.run(minutes=15)
    assert shop.inside(campaign) == [bob, ben]


def test_cart(shop):
    """Who touches a cart has left it so many hours later, but who has bought since; nobody by another's account."""
    cleo, dan, eve = map(shop.make_portal_user, ("Cleo", "Dan", "Eve"))
    campaign = shop.start_campaign("cart", event_hours=10)
    lamps = shop.start_campaign("cart", event_hours=2, event_record_id=shop.product)
    others = shop.start_campaign("cart", event_hours=2, event_record_id=shop.other)
    visitor = shop.visitor("cleo")
    shop.put_in_cart(shop.visitor())
    shop.put_in_cart(visitor)
    shop.put_in_cart(shop.visitor("dan"), shop.other)
    shop.put_in_cart(shop.visitor("eve"))
    shop.run(hours=1, minutes=59)
    assert shop.inside(lamps) == shop.inside(others) == []
    shop.run(hours=2, minutes=1)
    assert shop.inside(lamps) == [cleo, eve]
    assert shop.inside(others) == [dan]
    # the cart was made long ago, and is touched again: its own date stays
    shop.move_lines(cleo, hours=5)
    shop.rpc("sale.order", "action_confirm", shop.rpc("sale.order", "search", [("partner_id", "=", eve)]))
    shop.run(hours=10, minutes=1)
    assert shop.inside(campaign) == [dan]
    shop.run(hours=15, minutes=1)
    shop.run(hours=15, minutes=6)
    assert shop.inside(campaign) == [dan, cleo]


def test_bought(shop):
    fay, gus = map(shop.make_portal_user, ("Fay", "Gus"))
    contact = shop.rpc("mailing.contact", "create", {"name": "Fay", "email": address("Fay")})
    campaign = shop.start_campaign("purchase")
    others = shop.start_campaign("purchase", event_record_id=shop.other)
    reader = shop.start_campaign("purchase", "mailing.contact")
    for name in ("fay", "gus"):
        shop.put_in_cart(shop.visitor(name))
    shop.run()
    assert shop.inside(campaign) == []
    shop.rpc("sale.order", "action_confirm", shop.rpc("sale.order", "search", [("partner_id", "=", fay)]))
    shop.run()
    assert shop.inside(campaign) == [fay]
    assert shop.inside(others) == []
    assert shop.inside(reader) == [contact]


def test_subscribed(shop):
    """By every way that Odoo has, also those that write the lists of a contact past the subscription."""
    rpc = shop.rpc
    [news, other] = rpc("mailing.list", "create", [{"name": "News", "is_public": True}, {"name": "Other"}])
    old = rpc("mailing.contact", "create", {"name": "Old", "email": address("Old"), "list_ids": [(4, news)]})
    gone = rpc(
        "mailing.contact",
        "create",
        {"email": address("Gone"), "subscription_ids": [(0, 0, {"list_id": news, "opt_out": True})]},
    )
    hal = shop.make_portal_user("Hal")
    campaign = shop.start_campaign("subscription", "mailing.contact", event_list_id=news)
    contacts = shop.start_campaign("subscription", event_list_id=news)
    shop.visitor().call(
        "/website_mass_mailing/subscribe", list_id=news, value=address("Hal"), subscription_type="email"
    )
    raw = rpc("mailing.contact", "create", {"name": "Ina", "email": address("Ina"), "list_ids": [(4, other)]})
    rpc("mailing.contact", "write", [raw], {"list_ids": [(4, news)]})
    rpc(
        "mailing.subscription",
        "write",
        rpc("mailing.subscription", "search", [("contact_id", "=", gone)]),
        {"opt_out": False},
    )
    shop.run()
    [subscribed] = rpc("mailing.contact", "search", [("email", "=", address("Hal"))])
    assert sorted(shop.inside(campaign)) == sorted([subscribed, raw, gone])
    assert old not in shop.inside(campaign)
    assert shop.inside(contacts) == [hal]


def test_form(shop):
    """Who sends a form enters, as a contact by the address that they give, or as the lead that it makes."""
    jo = shop.rpc("res.partner", "create", {"name": "Jo", "email": address("Jo")})
    contacts = shop.start_campaign("form", event_form="crm.lead")
    quotes = shop.start_campaign("form", event_form="crm.lead", event_form_page="/quote")
    leads = shop.start_campaign("form", "crm.lead", event_form="crm.lead")
    mails = shop.start_campaign("form", event_form="mail.mail")
    lead = shop.visitor().submit("crm.lead", name="Lamps", contact_name="Jo", email_from=address("Jo"))["id"]
    by_hand = shop.rpc("crm.lead", "create", {"name": "By hand", "email_from": address("Jo"), "type": "lead"})
    shop.run()
    assert shop.inside(contacts) == [jo]
    assert shop.inside(leads) == [lead], by_hand
    assert shop.inside(quotes) == shop.inside(mails) == []
    shop.visitor().submit("crm.lead", "/quote?from=mail", name="More", email_from=f'"Jo" <{address("Jo").upper()}>')
    shop.visitor().submit("mail.mail", subject="A question", email_from=address("Jo"), website_form_signature="none")
    shop.run()
    assert shop.inside(quotes) == [jo]
    assert shop.inside(mails) == [jo], "a form that sends an email"


def test_registered(shop):
    """The attendee enters, not who has booked for them; and who has attended."""
    rpc = shop.rpc
    [kim, leo] = rpc("res.partner", "create", [{"name": name, "email": address(name)} for name in ("Kim", "Leo")])
    dates = {"date_begin": "2030-01-01 10:00:00", "date_end": "2030-01-01 12:00:00", "event_mail_ids": [(5,)]}
    [fair, other] = rpc("event.event", "create", [{"name": "Fair", **dates}, {"name": "Other", **dates}])
    registered = shop.start_campaign("registered", event_record_id=fair)
    attended = shop.start_campaign("attended", event_record_id=fair)
    values = {"event_id": fair, "partner_id": kim}
    own, _for_leo, *_others = rpc(
        "event.registration",
        "create",
        [
            values,
            {**values, "name": "Leo", "email": address("Leo")},
            {**values, "name": "Max", "email": address("Max")},
            {**values, "event_id": other},
        ],
    )
    shop.run()
    assert sorted(shop.inside(registered)) == [kim, leo]
    assert shop.inside(attended) == []
    rpc("event.registration", "action_set_done", [own])
    shop.run()
    assert shop.inside(attended) == [kim]


def test_answered(shop):
    """Whoever answers to the end; not who begins, nor who tries the survey out."""
    rpc = shop.rpc
    nia = shop.make_portal_user("Nia")
    oli = rpc("res.partner", "create", {"name": "Oli", "email": address("Oli")})
    question = {"title": "Your address?", "question_type": "char_box", "validation_email": True, "save_as_email": True}
    values = {"title": "Lamps", "questions_layout": "one_page", "access_mode": "public"}
    survey = rpc("survey.survey", "create", {**values, "question_and_page_ids": [(0, 0, question)]})
    campaign = shop.start_campaign("answered", event_record_id=survey)
    [values] = rpc("survey.survey", "read", [survey], ["access_token", "question_ids"])
    token, [question] = values["access_token"], values["question_ids"]

    def answer(visitor, email, path="start", ends=True):
        visitor.open(f"/survey/{path}/{token}")
        [row] = shop.server.query("SELECT access_token FROM survey_user_input ORDER BY id DESC LIMIT 1")
        visitor.call(f"/survey/begin/{token}/{row[0]}")
        if ends:
            visitor.call(f"/survey/submit/{token}/{row[0]}", **{str(question): email})

    answer(shop.visitor("admin"), address("Oli"), "test")
    answer(shop.visitor("nia"), "", ends=False)
    shop.run()
    assert shop.inside(campaign) == []
    answer(shop.visitor(), address("Oli"))
    answer(shop.visitor("nia"), address("Nia"))
    shop.run()
    assert sorted(shop.inside(campaign)) == sorted([oli, nia])


def test_the_story(shop):
    """A visitor fills in a form, leaves a cart, and buys: in three campaigns, at the right moments."""
    before = len(shop.sink.messages)
    values = {"name": "Pia", "email": address("Pia")}
    welcome = shop.start_campaign("form", "crm.lead", event_form="crm.lead", subject="Thank you for asking")
    remind = shop.start_campaign("cart", event_hours=10, event_record_id=shop.lantern, subject="Your cart")
    thank = shop.start_campaign("purchase", event_record_id=shop.lantern, subject="Thank you for buying")

    def subjects():
        run_cron(shop.server, MAIL_CRON)
        mails = [mail for mail in shop.sink.messages[before:] if mail["To"].addresses[0].addr_spec == address("Pia")]
        return [mail["Subject"] for mail in mails]

    visitor = shop.visitor()
    visitor.open("/contactus")
    lead = visitor.submit("crm.lead", name="Which lantern?", contact_name="Pia", email_from=values["email"])["id"]
    shop.run()
    assert shop.inside(welcome) == [lead]
    assert subjects() == ["Thank you for asking"]

    pia = shop.make_portal_user("Pia")
    visitor.log_in("pia")
    shop.put_in_cart(visitor, shop.lantern)
    shop.run(hours=9, minutes=59)
    assert shop.inside(remind) == []
    shop.run(hours=10, minutes=1)
    assert shop.inside(remind) == [pia]
    assert shop.inside(thank) == []
    assert subjects() == ["Thank you for asking", "Your cart"]

    shop.rpc("sale.order", "action_confirm", shop.rpc("sale.order", "search", [("partner_id", "=", pia)]))
    shop.run(hours=12)
    assert subjects() == ["Thank you for asking", "Your cart", "Thank you for buying"]
    shop.run(hours=30)
    assert [shop.inside(campaign) for campaign in (welcome, remind, thank)] == [[lead], [pia], [pia]]
    assert len(subjects()) == 3


def test_rights_and_companies(shop):
    """Only what the campaign's user may read brings anybody in; the filter holds."""
    rpc, server = shop.rpc, shop.server
    server.make_user("mia", "Mia Marketer", MARKETER_GROUP)
    server.make_user("sam", "Sam Seller", MARKETER_GROUP, "sales_team.group_sale_salesman_all_leads")

    def call_as(login):
        return lambda *args, **values: server.call_as(login, *args, **values)

    [product] = rpc("product.product", "search", [("product_tmpl_id", "=", shop.product)])
    campaign = shop.make_campaign(call_as("mia"), "purchase")
    assert "Mia Marketer may not read “Sales Order”" in shop.problem(call_as("mia"), campaign)
    with pytest.raises(RpcError, match="may not read “Sales Order”"):
        server.call_as("mia", "marketing.campaign", "action_start_campaign", [campaign])
    campaign = shop.make_campaign(call_as("sam"), "purchase")
    rpc("marketing.campaign", "write", [campaign], {"domain": "[('function', '!=', 'Partner')]"})
    server.call_as("sam", "marketing.campaign", "action_start_campaign", [campaign])
    assert not shop.problem(call_as("sam"), campaign)

    elsewhere = rpc("res.company", "create", {"name": "Elsewhere"})
    rpc("res.users", "write", [2], {"company_ids": [(4, elsewhere)]})
    people = [{"name": name, "email": address(name)} for name in ("Qi", "Rob", "Sue")]
    qi, rob, sue = rpc("res.partner", "create", people)
    rpc("res.partner", "write", [sue], {"function": "Partner"})
    for partner, company in ((qi, 1), (rob, elsewhere), (sue, 1)):
        values = {"partner_id": partner, "company_id": company, "order_line": [(0, 0, {"product_id": product})]}
        context = {"allowed_company_ids": [company]}
        order = rpc("sale.order", "create", values, context=context)
        rpc("sale.order", "action_confirm", [order], context=context)
    shop.run()
    assert shop.inside(campaign) == [qi]


def test_an_app_is_uninstalled(shop):
    """The entry says so and nobody enters by it any more; those inside stay, and other campaigns run on."""
    campaign = shop.start_campaign("answered")
    other = shop.start_campaign("purchase")
    tom = shop.rpc("res.partner", "create", {"name": "Tom", "email": address("Tom")})
    assert shop.rpc("marketing.campaign", "action_enroll", [campaign], [tom])["enrolled"] == [tom]
    uninstall(shop.server, "survey")
    assert "“A survey is answered” was uninstalled" in shop.problem(shop.rpc, campaign)
    [product] = shop.rpc("product.product", "search", [("product_tmpl_id", "=", shop.product)])
    order = {"partner_id": tom, "order_line": [(0, 0, {"product_id": product})]}
    shop.rpc("sale.order", "action_confirm", [shop.rpc("sale.order", "create", order)])
    shop.run()
    assert shop.inside(campaign) == shop.inside(other) == [tom]
    query = "SELECT state FROM marketing_campaign WHERE id = %s"
    assert shop.server.query(query, campaign) == [("running",)]
