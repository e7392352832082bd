"""Several servers on one database, and several databases on one server."""

from collections import Counter

from test_real_campaign import PATIENCE, make_campaign, wait_until
from test_workers import CONTACTS

AUDIENCE = 150
CRONS = "--max-cron-threads=2"


def set_lanes(server, count):
    server.rpc(
        "res.config.settings",
        "execute",
        [server.rpc("res.config.settings", "create", {"marketing_automation_lanes": count})],
    )


def states_of(server):
    return Counter(dict(server.query("SELECT state, count(*) FROM marketing_trace GROUP BY state")))


def test_two_servers_on_one_database(odoo_server, smtp_sink):
    """With crons and lanes on both: all is done, and each mail leaves once."""
    rpc = odoo_server.rpc
    set_lanes(odoo_server, 2)
    campaign, contacts = make_campaign(odoo_server)
    [category] = rpc("res.partner", "read", contacts[:1], ["category_id"])[0]["category_id"]
    odoo_server.query(CONTACTS, AUDIENCE - len(contacts), category)
    odoo_server.stop()
    with odoo_server.beside() as other:
        odoo_server.start(CRONS)
        other.start(CRONS)
        odoo_server.marketer("marketing.campaign", "action_start_campaign", [campaign])
        smtp_sink.wait_for(AUDIENCE, timeout=PATIENCE)
        wait_until(lambda: states_of(odoo_server) == {"processed": AUDIENCE}, "all steps are processed")
        odoo_server.stop()
    sent = Counter(str(message["To"]) for message in smtp_sink.messages)
    assert (len(sent), set(sent.values())) == (AUDIENCE, {1})


def test_two_databases_on_one_server(odoo_server_factory, smtp_sink):
    """Each campaign runs on its own."""
    servers = [odoo_server_factory() for _ in range(2)]
    for server in servers:
        make_campaign(server)
    for server in servers:
        server.stop()
    both = ",".join(server.database for server in servers)
    first, second = servers
    first.start("--database", both, CRONS)
    second.port, second.url = first.port, first.url
    for server in servers:
        campaign_ids = server.rpc("marketing.campaign", "search", [("name", "=", "Prospection")])
        server.marketer("marketing.campaign", "action_start_campaign", campaign_ids)
    smtp_sink.wait_for(4, timeout=PATIENCE)
    first.stop()
    sent = Counter(str(message["To"]) for message in smtp_sink.messages)
    assert set(sent.values()) == {2}, "one of each database"
