"""Installing and uninstalling on a real server, as the Apps menu does it, and what came of it."""

import re

from company import MAIL_CRON, SENDING_CRON
from real_odoo import RpcError
from test_real_campaign import wait_until

APP = "marketing_automation"
BRIDGES = ("marketing_automation_sms", "marketing_automation_crm")
OURS = (APP, *BRIDGES)
RULES = "marketing_automation_base_automation"  # comes with Odoo's automation rules
# odoo.http warns of what it refuses a caller: the test that called has it as an RpcError
COMPLAINT = re.compile(r" (WARNING (?!\S+ odoo\.http: )|ERROR |CRITICAL )")
# Of the environment, of the tests' way to call the server, and of an uninstall's attempts to delete what is in use
EXPECTED = (
    "option db_password reads 'False'",
    "and /jsonrpc endpoints are deprecated",
    "pdfminer.six",
    "odoo.sql_db: bad query: b'DELETE FROM",
    "odoo.sql_db: bad query: b'LOCK ir_module_module",
)
BUSY = "another module operation"
TRIES = 20  # of who runs a scheduled action that is just being run


def _modules(server, *names):
    return server.rpc("ir.module.module", "search", [("name", "in", names)])


def install(server, *names):
    _operate(server, "button_immediate_install", *names)


def uninstall(server, *names):
    _operate(server, "button_immediate_uninstall", *names)


def _operate(server, button, *names):
    """Press a button of Apps, again if need be: Odoo takes PostgreSQL's autovacuum of its table for somebody else."""

    def operated():
        try:
            server.rpc("ir.module.module", button, _modules(server, *names))
        except RpcError as error:
            if BUSY not in str(error):
                raise
            return False
        return True

    wait_until(operated, f"{button} of {', '.join(names)}")


def installed(server, *names):
    """:return: the names of those of our addons that are there, or of these, sorted"""
    query = "SELECT name FROM ir_module_module WHERE state = 'installed' AND name = ANY(%s) ORDER BY name"
    return [name for (name,) in server.query(query, list(names or OURS))]


def run_cron(server, xmlid):
    """Run a scheduled action at once, on a server whose own threads may or may not run.

    With Odoo's mail queue, the lane that sends the emails of campaigns, if there is one.
    """
    query = "SELECT res_id FROM ir_model_data WHERE model = 'ir.cron' AND module || '.' || name = ANY(%s) ORDER BY id"
    names = [xmlid, SENDING_CRON] if xmlid == MAIL_CRON else [xmlid]
    crons = server.query(query, names)
    assert crons, xmlid
    for (cron,) in crons:
        _run(server, cron)


def _run(server, cron):
    for tries_left in reversed(range(TRIES)):
        # whoever runs it keeps its row locked until the end
        server.query("SELECT id FROM ir_cron WHERE id = %s FOR NO KEY UPDATE", cron)
        try:
            server.rpc("ir.cron", "method_direct_trigger", [cron])
            break
        except RpcError as error:
            if not tries_left or "already executing" not in str(error):
                raise


def complaints(server):
    """:return: the lines of the server's log that tell of something wrong"""
    lines = server.log().splitlines()
    return [line for line in lines if COMPLAINT.search(line) and not any(text in line for text in EXPECTED)]
