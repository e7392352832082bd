"""A test of a campaign on a real server: its mail goes out once, though the mail queue runs beside it."""

from test_real_campaign import mailed, make_campaign, wait_until

TESTS = 4


def test_a_test_sends_its_mail_once(odoo_server, smtp_sink):
    rpc = odoo_server.marketer
    campaign, contacts = make_campaign(odoo_server)
    for count in range(1, TESTS + 1):
        values = {"campaign_id": campaign, "res_id": contacts[0], "confirmed": True}
        wizard = rpc("marketing.campaign.test", "create", values)
        participant = rpc("marketing.campaign.test", "action_launch_test", [wizard])["res_id"]
        [step] = rpc("marketing.trace", "search", [("participant_id", "=", participant)])
        rpc("marketing.trace", "action_run_test", [step])
        assert len(mailed(smtp_sink)) == count, "sent at once"
        [trace] = rpc("marketing.trace", "read", [step], ["state", "sent_date"])
        assert trace["state"] == "processed"
        assert trace["sent_date"]
    # the queue comes by, and finds nothing of it
    [cron] = odoo_server.rpc("ir.cron", "search", [("cron_name", "=", "Mail: Email Queue Manager")])
    odoo_server.rpc("ir.cron", "method_direct_trigger", [cron])
    wait_until(lambda: not odoo_server.query("SELECT id FROM mail_mail WHERE state = 'outgoing'"), "an empty queue")
    assert len(mailed(smtp_sink)) == TESTS
    assert " ERROR " not in odoo_server.log()
