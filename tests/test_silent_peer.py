"""A mail server that does not answer about one email holds nobody else, though that email was alone in its queue."""

from collections import Counter
from threading import Thread

from company import ENROLMENT_CRON, EXECUTION_CRON
from test_real_campaign import PATIENCE, make_campaign, wait_until


def test_what_comes_meanwhile_is_sent(company, smtp_sink):
    """Campaigns' emails and ordinary ones, of other senders too; the answer that comes at last counts."""
    rpc = company.rpc
    campaign, [ada, ben] = make_campaign(company)
    rpc("res.partner", "write", [ada], {"email": "held@silent.example.com"})
    rpc("ir.config_parameter", "set_param", "marketing_automation.mail_answer_patience", "0.2")
    smtp_sink.treat_as(held="held")

    def run_engine():
        for xmlid in (ENROLMENT_CRON, EXECUTION_CRON):
            [cron] = rpc("ir.model.data", "search_read", [("name", "=", xmlid.split(".")[1])], ["res_id"])
            rpc("ir.cron", "method_direct_trigger", [cron["res_id"]])

    [category] = rpc("res.partner", "read", [ben], ["category_id"])[0]["category_id"]
    rpc("res.partner", "write", [ben], {"category_id": [(5,)]})
    rpc("marketing.campaign", "action_start_campaign", [campaign])
    run_engine()
    queue = Thread(target=rpc, args=("mail.mail", "process_email_queue"))
    queue.start()
    try:
        wait_until(lambda: smtp_sink.held, "the content of the first email")
        rpc("res.partner", "write", [ben], {"category_id": [(4, category)]})
        run_engine()
        senders = ("shop@example.com", "books@example.com")
        rpc(
            "mail.mail",
            "create",
            [
                {"email_from": sender, "email_to": f"zoe{number}@zoe.example.com", "subject": "Reset", "body_html": "x"}
                for number, sender in enumerate(senders)
            ],
        )
        smtp_sink.wait_for(3, timeout=PATIENCE)
        meanwhile = [message["To"] for message in smtp_sink.messages]
    finally:
        smtp_sink.release()
        queue.join()
    assert len(meanwhile) == 3, meanwhile
    assert not [address for address in meanwhile if "held" in address]
    run_engine()
    assert len(smtp_sink.messages) == 4
    assert Counter(row[0] for row in company.query("SELECT state FROM mail_mail")) in ({}, {"sent": 2})
    sent = "SELECT state, sent_date IS NOT NULL FROM marketing_trace t WHERE parent_id IS NULL"
    assert company.query(sent) == [("processed", True)] * 2
