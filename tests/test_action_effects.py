"""What server actions do, counted where it arrives: in the database once, at a mail server and over HTTP at most once.

Each case is a campaign whose action does something to five people; it fails for the last of them, in the same batch.
All of them run in one server, whose one scheduled action is called until nothing is left to do.
"""

import re
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
from chaos_process import LONE_POINTS, ONCE
from company import EXECUTION_CRON, model_of
from http_sink import running_http_sink
from test_chaos import ONLY_OURS, TRIGGERS, running_nursery
from test_concurrency import Engine

PEOPLE = ("P0", "P1", "P2", "P3", "P4")
*FINE, FAILING = PEOPLE
ROUNDS = 20
PATIENCE = 60  # seconds
HURRY = """
UPDATE marketing_trace SET schedule_date = date_trunc('second', now() AT TIME ZONE 'UTC')
 WHERE state = 'scheduled' AND schedule_date > now() AT TIME ZONE 'UTC' - interval '1 second'
"""
LEFT = """
SELECT c.name, t.* FROM marketing_trace t JOIN marketing_campaign c ON c.id = t.campaign_id
 WHERE t.state = 'scheduled' AND c.state = 'running'
"""
NOT_FOR_THE_LAST = "if record.name == 'P4':\n    raise UserError('Not for this one')"
INSIDE = "env['res.partner.category'].create({'name': CASE + ' ' + record.name})"
MAIL = """env['mail.mail'].sudo().create({
    'subject': CASE + ' ' + record.name, 'body_html': 'Hi', 'email_from': 'us@company.example.com',
    'email_to': record.name + '@people.example.com', 'auto_delete': False}).send()"""
SMS = "env['sms.sms'].sudo().create({'number': record.phone, 'body': CASE}).send()"
CALL = "env['marketing.trouble'].call_out(URL + '/' + CASE + '/' + record.name)"
TROUBLE = "env['marketing.trouble']"


@dataclass
class Case:
    """What an action does, and what is to come of it.

    :param code: what it does for each; CASE, URL and TROUBLE are replaced
    :param values: of the server action, where it is none of code
    :param inside: how often it is done in the database for each
    :param outside: how often it arrives elsewhere for each
    :param ends: how the steps end that do not end as those of their neighbours do, by person
    """

    code: str = ""
    values: dict = field(default_factory=dict)
    inside: int = 1
    outside: int = 0
    ends: dict = field(default_factory=dict)


def only_for(name, code):
    lines = code.replace("\n", "\n    ")
    return f"if record.name == {name!r}:\n    {lines}"


def raises(name):
    return f"{TROUBLE}.raise_it({name!r})"


def ending(person, code, words=""):
    return {person: ("error", code, words)}


CASES = {
    # inside its transaction
    "nothing": Case("pass", inside=0),
    "writes": Case(INSIDE),
    "several": Case(values={"state": "multi"}),
    # what leaves it
    "mails": Case(f"{INSIDE}\n{MAIL}", outside=1),
    "texts": Case(f"{INSIDE}\n{SMS}", outside=1),
    "calls": Case(f"{INSIDE}\n{CALL}", outside=1),
    "commits": Case(f"{INSIDE}\nenv.cr.commit()"),
    "commits-by-SQL": Case(f"{INSIDE}\nenv.cr.execute('COMMIT')"),
    "rolls-back": Case(f"{INSIDE}\nenv.cr.rollback()", inside=0),
    "commits-then-more": Case(f"env.cr.commit()\n{INSIDE}\n{CALL}", outside=1),
    "own-cursor": Case(f"log('LOGGED ' + CASE + ' ' + record.name)\n{INSIDE}"),
    "runs-a-program": Case(f"{INSIDE}\n{TROUBLE}.run_a_program('/bin/true')"),
    "hides-what-it-meets": Case(
        f"{INSIDE}\n{TROUBLE}.call_out_and_hide_what_it_meets(URL + '/' + CASE + '/' + record.name)", outside=1
    ),
    # leaves it, then fails: what is inside is undone, what is outside was done once
    "calls-then-fails": Case(
        f"{INSIDE}\n{CALL}\n" + only_for("P2", "raise UserError('Too late')"),
        outside=1,
        ends=ending("P2", "left_halfway", "Too late"),
    ),
    "calls-then-meets-others": Case(
        f"{INSIDE}\n{CALL}\n" + only_for("P2", raises("40001")),
        outside=1,
        ends=ending("P2", "left_halfway", "changing the same data"),
    ),
    # raises
    **{
        f"raises-{name}": Case(f"{INSIDE}\n" + only_for("P2", raises(name)), ends=ending("P2", code, words))
        for name, code, words in (
            ("SystemExit", "exception", "asked the server to end"),
            ("KeyboardInterrupt", "exception", "asked the server to end"),
            ("GeneratorExit", "exception", "asked the server to end"),
            ("RecursionError", "exception", "RecursionError"),
            ("OwnError", "exception", "Its code failed"),
            ("MemoryError", "needs_more", "more than the server has"),
            ("40001", "needs_more", "changing the same data"),
            ("40P01", "needs_more", "changing the same data"),
        )
    },
    "nothing-there": Case(
        f"{INSIDE}\n" + only_for("P2", "None.write({})"),
        ends=ending("P2", "exception", "something that does not exist"),
    ),
    "deleted-link": Case(
        f"{INSIDE}\n" + only_for("P2", "record.write({'parent_id': 999999})\nenv.flush_all()"),
        ends=ending("P2", "exception", "a link to a record that was deleted"),
    ),
    # hangs
    "hangs": Case(
        f"{INSIDE}\n" + only_for("P2", f"{TROUBLE}.hang()"), ends=ending("P2", "too_long", "the limit is 1 seconds")
    ),
    "hangs-in-SQL": Case(
        f"{INSIDE}\n" + only_for("P2", "env.cr.execute('SELECT pg_sleep(3600)')"), ends=ending("P2", "too_long")
    ),
    "calls-who-is-silent": Case(
        f"{INSIDE}\n" + only_for("P2", f"{TROUBLE}.call_out(URL + '/silent/' + record.name)") + f"\n{CALL}",
        outside=1,
        ends=ending("P2", "left_halfway", "longer than 1 seconds"),
    ),
    # asks for a person
    "opens-a-window": Case(
        f"{INSIDE}\n"
        + only_for("P2", "window = {'type': 'ir.actions.act_window', 'res_model': 'res.partner'}\naction = window"),
        ends=ending("P2", "exception", "opens a window for a person"),
    ),
    "closes-a-window": Case(f"{INSIDE}\naction = {{'type': 'ir.actions.act_window_close'}}"),
}

# Odoo's own types, each behind one that fails for the last: (values of the action, what it leaves for each, by name)
TYPES = {
    "update": (
        {"state": "object_write", "update_path": "color", "evaluation_type": "equation", "value": "record.color + 1"},
        "SELECT p.name, p.color FROM res_partner p WHERE p.ref = 'effects' AND p.color > 0",
    ),
    "create": (
        {"state": "object_create", "crud_model": "res.partner.category", "value": "made once for each"},
        """SELECT 'all', count(*) FROM res_partner_category WHERE name ->> 'en_US' = 'made once for each'""",
    ),
    "activity": (
        {"state": "next_activity", "activity_type": "mail.mail_activity_data_call", "activity_user_id": 2},
        """SELECT p.name, count(*) FROM mail_activity a JOIN res_partner p ON p.id = a.res_id
            WHERE a.res_model = 'res.partner' GROUP BY p.name""",
    ),
    "post": (
        {"state": "mail_post", "mail_post_method": "comment", "template": "Posted once"},
        """SELECT p.name, count(*) FROM mail_message m JOIN res_partner p ON p.id = m.res_id
            WHERE m.model = 'res.partner' AND m.subject = 'Posted once' GROUP BY p.name""",
    ),
    "follow": (
        {"state": "followers", "followers_type": "specific", "partner_ids": [(6, 0, [1])]},
        """SELECT p.name, count(*) FROM mail_followers f JOIN res_partner p ON p.id = f.res_id
            WHERE f.res_model = 'res.partner' AND f.partner_id = 1 AND p.ref = 'effects' GROUP BY p.name""",
    ),
    # who follows all of them before
    "unfollow": (
        {"state": "remove_followers", "followers_type": "specific", "follower": "Fred"},
        """SELECT p.name, 1 FROM res_partner p WHERE p.ref = 'effects' AND NOT EXISTS (
               SELECT 1 FROM mail_followers f JOIN res_partner fred ON fred.id = f.partner_id
                WHERE f.res_model = 'res.partner' AND f.res_id = p.id AND fred.name = 'Fred')""",
    ),
    "copy": (
        {"state": "object_copy", "crud_model": "res.partner.category", "copied": "copied once for each"},
        "SELECT 'all', count(*) - 1 FROM res_partner_category WHERE name ->> 'en_US' LIKE 'copied once for each%%'",
    ),
    "text": (
        {"state": "sms", "sms_method": "sms", "text": "Texted once"},
        """SELECT p.name, count(*) FROM sms_sms s JOIN res_partner p ON p.id = s.partner_id
            WHERE s.body = 'Texted once' GROUP BY p.name""",
    ),
    "webhook": (
        {"state": "webhook", "webhook_url": "URL/webhook"},
        "SELECT 'none', 0 WHERE FALSE",
    ),
}


@pytest.fixture
def http_sink():
    with running_http_sink() as sink:
        yield sink


@pytest.fixture
def effects(company, http_sink, smtp_sink, sms_sink):
    return Effects(company, http_sink, smtp_sink, sms_sink)


class Effects:
    """A company with five contacts, and campaigns on them."""

    def __init__(self, server, http_sink, smtp_sink, sms_sink):
        self.server = server
        self._http, self._smtp, self._sms = http_sink, smtp_sink, sms_sink
        self.smtp_port = smtp_sink.port
        rpc = server.rpc
        self._model = model_of(rpc, "res.partner")
        people = [{"name": name, "phone": f"+3245600010{name[1]}", "ref": "effects"} for name in PEOPLE]
        self.people = dict(zip(PEOPLE, rpc("res.partner", "create", people), strict=True))
        rpc("ir.config_parameter", "set_param", "marketing_automation.action_time_limit", "1")
        [data] = rpc("ir.model.data", "search_read", [("name", "=", EXECUTION_CRON.split(".")[1])], ["res_id"])
        self._cron = data["res_id"]

    def start(self, name, case):
        rpc = self.server.rpc
        action = self._create_action(name, case.code, **case.values)
        step = {"name": name, "activity_type": "action", "server_action_id": action}
        campaign = rpc(
            "marketing.campaign",
            "create",
            {
                "name": name,
                "model_id": self._model,
                "domain": repr([("ref", "=", "effects")]),
                "marketing_activity_ids": [(0, 0, {**step, "interval_number": 0})],
            },
        )
        rpc("marketing.campaign", "action_start_campaign", [campaign])

    def _create_action(self, name, code, **values):
        values = {"name": name, "model_id": self._model, "state": "code", **values}
        if values["state"] == "multi":
            if "child_ids" in values:
                return self.server.rpc("ir.actions.server", "create", values)
            children = [self._create_action(name, part) for part in (NOT_FOR_THE_LAST, INSIDE)]
            values["child_ids"] = [(6, 0, children)]
        else:
            code = f"{NOT_FOR_THE_LAST}\n{code}" if code != NOT_FOR_THE_LAST else code
            values["code"] = code.replace("CASE", repr(name)).replace("URL", repr(self._http.url))
        return self.server.rpc("ir.actions.server", "create", values)

    def start_type(self, name, values):
        """Start a campaign whose action fails for the last, then is one of Odoo's own types, in the same batch."""
        rpc, values = self.server.rpc, {"name": name, "model_id": self._model, **values}
        if "crud_model" in values:
            values["crud_model_id"] = model_of(rpc, values.pop("crud_model"))
        if "activity_type" in values:
            module, xmlid = values.pop("activity_type").split(".")
            domain = [("module", "=", module), ("name", "=", xmlid)]
            [data] = rpc("ir.model.data", "search_read", domain, ["res_id"])
            values |= {"activity_type_id": data["res_id"], "activity_user_type": "specific"}
        if "template" in values:
            template = {"name": name, "model_id": self._model, "subject": values.pop("template"), "body_html": "Hi"}
            values["template_id"] = rpc("mail.template", "create", template)
        if "follower" in values:
            follower = rpc("res.partner", "create", {"name": values.pop("follower")})
            rpc("res.partner", "message_subscribe", list(self.people.values()), [follower])
            values["partner_ids"] = [(6, 0, [follower])]
        if "copied" in values:
            original = rpc("res.partner.category", "create", {"name": values.pop("copied")})
            values["resource_ref"] = f"res.partner.category,{original}"
        if "text" in values:
            template = {"name": name, "model_id": self._model, "body": values.pop("text")}
            values["sms_template_id"] = rpc("sms.template", "create", template)
        if "webhook_url" in values:
            values["webhook_url"] = values["webhook_url"].replace("URL", self._http.url)
        children = [self._create_action(name, NOT_FOR_THE_LAST), rpc("ir.actions.server", "create", values)]
        self.start(name, Case(values={"state": "multi", "child_ids": [(6, 0, children)]}))

    def count_of_type(self, query):
        return {person: count for person, count in self.server.query(query) if count}

    def count_paths(self, path):
        return sum(found.strip("/") == path for found in self._http.paths)

    def run(self):
        """Execute what is due, until nothing is left; what waits is due at once."""
        for _round in range(ROUNDS):
            self.server.rpc("ir.cron", "method_direct_trigger", [self._cron])
            self.server.query(HURRY)
            if not self.server.query(LEFT):
                return
        raise AssertionError(self.server.query(LEFT))

    def ends(self, name):
        rows = self.server.query(
            """SELECT p.name, t.state, t.end_code, COALESCE(t.end_params ->> 'detail', '')
                 FROM marketing_trace t JOIN marketing_campaign c ON c.id = t.campaign_id
                 LEFT JOIN res_partner p ON p.id = t.res_id WHERE c.name = %s""",
            name,
        )
        return {person: tuple(rest) for person, *rest in rows}

    def count_inside(self, name):
        rows = self.server.query("SELECT name ->> 'en_US' FROM res_partner_category")
        return self._count(name, (row[0] for row in rows))

    def count_outside(self, name):
        texts = Counter(f"P{number[-1]}" for number in self._sms.numbers if name == "texts")
        posts = (path.strip("/").replace("/", " ") for path in self._http.paths)
        mails = (message["Subject"] for message in self._smtp.messages)
        return texts + self._count(name, posts) + self._count(name, mails)

    def _count(self, name, words):
        found = (re.fullmatch(f"{re.escape(name)} (P[0-9])", word) for word in words)
        return Counter(match[1] for match in found if match)


def test_each_effect_once_beside_a_neighbour_that_fails(effects):
    for name, case in CASES.items():
        effects.start(name, case)
    effects.run()
    for name, case in CASES.items():
        ends = effects.ends(name)
        state, code, detail = ends.pop(FAILING)
        assert (state, code, detail) == ("error", "exception", "Not for this one"), name
        for person, (state, code, words) in case.ends.items():
            found = ends.pop(person)
            assert (*found[:2], words in found[2]) == (state, code, True), (name, found)
        assert {person: end[0] for person, end in ends.items()} == dict.fromkeys(ends, "processed"), (name, ends)
        inside = Counter({person: case.inside for person in ends if case.inside})
        assert effects.count_inside(name) == inside, name
        reached = ends if name == "calls-who-is-silent" else FINE
        assert effects.count_outside(name) == Counter({person: case.outside for person in reached if case.outside}), (
            name
        )


def test_each_type_once_beside_a_neighbour_that_fails(effects):
    for name, (values, _query) in TYPES.items():
        effects.start_type(name, values)
    effects.run()
    for name, (_values, query) in TYPES.items():
        states = {person: end[0] for person, end in effects.ends(name).items()}
        assert states == {**dict.fromkeys(FINE, "processed"), FAILING: "error"}, (name, effects.ends(name))
        if name == "webhook":
            assert effects.count_paths("webhook") == len(FINE)
            continue
        expected = {"all": len(FINE)} if name in ("create", "copy") else dict.fromkeys(FINE, 1)
        assert effects.count_of_type(query) == expected, name


@pytest.fixture
def nursery(effects, tmp_path):
    """A Nursery of workers that are killed by what they run, and run nothing else."""
    effects.server.query(ONLY_OURS, [])
    with running_nursery(effects.server.database, effects.smtp_port, tmp_path) as nursery:
        yield nursery


def test_who_kills_the_process_is_found_and_what_was_sent_is_not_sent_again(effects, nursery):
    """One kills it inside of its transaction: it ends after some tries. One after a call: it is not run again."""
    kill = only_for("P2", f"{TROUBLE}.die()")
    effects.start("kills", Case(f"{INSIDE}\n{kill}"))
    effects.start("calls-and-kills", Case(f"{INSIDE}\n{CALL}\n{kill}"))
    for _round in range(ROUNDS):
        effects.server.query(TRIGGERS)
        nursery.begin(workers=1)
        nursery.end()
        effects.server.query(HURRY)
        if not effects.server.query(LEFT):
            break
    for name, code in (("kills", "killed"), ("calls-and-kills", "interrupted")):
        ends = effects.ends(name)
        assert ends.pop("P4")[:2] == ("error", "exception")
        assert ends.pop("P2")[:2] == ("error", code)
        assert {person: end[0] for person, end in ends.items()} == dict.fromkeys(("P0", "P1", "P3"), "processed")
        assert effects.count_inside(name) == Counter(("P0", "P1", "P3"))
    assert effects.count_outside("calls-and-kills") == Counter(FINE)


def test_killed_while_one_runs_alone(effects, nursery):
    """At each commit point: what arrived elsewhere did so once, and whose outcome is unknown is not run again."""
    killed = Counter()
    for number, point in enumerate(LONE_POINTS):
        name = f"killed-{number}"
        effects.start(name, Case(f"{INSIDE}\n{CALL}"))
        order = {"point": point, "hit": 1 if point == ONCE else 3}
        for _round in range(ROUNDS):
            effects.server.query(TRIGGERS)
            nursery.begin(workers=1, **order)
            killed[point] += nursery.end()
            order = {}
            effects.server.query(HURRY)
            if not effects.server.query(LEFT):
                break
        ends, outside = effects.ends(name), effects.count_outside(name)
        assert ends.pop(FAILING)[:2] == ("error", "exception"), point
        assert {end[:2] for end in ends.values()} <= {("processed", None), ("error", "interrupted")}, (point, ends)
        processed = Counter(person for person, end in ends.items() if end[0] == "processed")
        assert len(processed) >= len(FINE) - 1, (point, ends)
        assert effects.count_inside(name) == processed, point
        assert processed <= outside <= Counter(FINE), (point, outside)
    assert killed == Counter(list(LONE_POINTS))


def test_who_waits_in_c_is_ended_though_its_thread_is_not(effects):
    effects.start("waits", Case(f"{INSIDE}\n" + only_for("P0", f"{TROUBLE}.hang_in_c()")))
    engine = Engine(effects.server.database)
    try:
        engine.begin()
        deadline = time.monotonic() + PATIENCE
        while effects.ends("waits")["P0"][1] != "too_long":
            assert time.monotonic() < deadline, effects.ends("waits")
            time.sleep(0.2)
    finally:
        engine.kill()
    effects.run()
    assert {person: end[0] for person, end in effects.ends("waits").items()} == {
        **dict.fromkeys(FINE, "processed"),
        "P0": "error",
        FAILING: "error",
    }
    assert effects.count_inside("waits") == Counter(("P1", "P2", "P3"))
