"""A bridge that goes leaves the app working, on a real server; coming back, it is usable again."""

import pytest
from company import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, SMS_CRON, make_campaign, make_people, model_of
from modules import APP, BRIDGES, complaints, install, installed, run_cron, uninstall
from real_odoo import RpcError

SMS, CRM = BRIDGES


def test_app_works_without_the_addon_for_leads(company):
    """What it adds to a campaign goes; campaigns on leads, which run without it, stay and go on."""
    rpc = company.rpc
    [target] = rpc("ir.model", "search", [("model", "=", "crm.lead")])
    lead = rpc("crm.lead", "create", {"name": "Fay", "email_from": "fay@leads.example.com"})
    code = {"name": "Hot", "model_id": target, "state": "code", "code": "record.write({'priority': '3'})"}
    action = rpc("ir.actions.server", "create", dict(code, usage="marketing_automation"))
    campaign = rpc("marketing.campaign", "create", {"name": "Hot leads", "model_id": target, "domain": "[]"})
    step = {"name": "Hot", "campaign_id": campaign, "activity_type": "action", "server_action_id": action}
    rpc("marketing.activity", "create", dict(step, trigger_type="begin", interval_number=1, interval_type="days"))
    rpc("marketing.campaign", "action_start_campaign", [campaign])
    assert "crm_lead_count" in rpc("marketing.campaign", "get_view", view_type="form")["arch"]

    uninstall(company, CRM)
    assert installed(company) == [APP, SMS]

    assert "crm_lead_count" not in rpc("marketing.campaign", "get_view", view_type="form")["arch"]
    [values] = rpc("marketing.campaign", "read", [campaign])
    assert (values["state"], values["model_name"], values["total_participant_count"]) == ("running", "crm.lead", 1)
    assert not [name for name in values if "crm" in name]
    company.query("UPDATE marketing_trace SET schedule_date = schedule_date - interval '2 days'")
    run_cron(company, EXECUTION_CRON)
    assert rpc("crm.lead", "read", [lead], ["priority"])[0]["priority"] == "3"
    assert not complaints(company)


def test_shipped_actions_outlive_the_addon_for_leads(company):
    """A campaign from its templates needs nothing of it at work: calls are still planned."""
    rpc = company.rpc
    rpc("marketing.campaign", "create_from_template", "schedule_calls")
    [campaign] = rpc("marketing.campaign", "search", [])
    rpc("marketing.campaign", "write", [campaign], {"domain": "[('partner_id', '!=', False)]"})
    rpc("marketing.campaign", "action_start_campaign", [campaign])

    uninstall(company, CRM)

    [partner] = make_people(rpc, "Ada")
    lead = rpc("crm.lead", "create", {"name": "Again", "partner_id": partner, "user_id": 2})
    rpc("marketing.campaign", "action_enroll", [campaign], [lead])
    run_cron(company, EXECUTION_CRON)
    [call] = rpc("mail.activity", "search_read", [("res_model", "=", "crm.lead"), ("res_id", "=", lead)], ["summary"])
    assert call["summary"] == "Call about the lead"
    assert {card["key"] for card in rpc("marketing.campaign", "get_campaign_templates")}.isdisjoint(
        {"schedule_calls", "hot_leads"}
    )
    assert not complaints(company)


def test_app_works_without_the_addon_for_sms(company, smtp_sink, sms_sink):
    """Campaigns with SMS stop and say why, others go on. Back again, their steps are given their type again."""
    rpc = company.rpc
    people = make_people(rpc, "Ada", "Ben")
    both, emails = (make_campaign(rpc, name) for name in ("Both", "Emails"))
    steps = dict(company.query("SELECT name, id FROM marketing_activity WHERE campaign_id = %s", both))
    [other] = rpc("marketing.activity", "search", [("campaign_id", "=", emails), ("activity_type", "=", "sms")])
    rpc("marketing.activity", "unlink", [other])
    [action] = rpc("marketing.activity", "read", [steps["action 2"]], ["server_action_id"])
    follow_up = {"name": "follow", "campaign_id": both, "activity_type": "action", "parent_id": steps["sms 1"]}
    follow_up["server_action_id"] = action["server_action_id"][0]
    follow = rpc("marketing.activity", "create", dict(follow_up, trigger_type="sms_not_click", interval_number=1))
    rpc("marketing.campaign", "action_start_campaign", [both, emails])
    run_cron(company, EXECUTION_CRON)
    touched = [row["ref"] for row in rpc("res.partner", "read", people, ["ref"])]
    assert touched == ["TT", "TT"]

    uninstall(company, SMS)

    assert installed(company) == [APP, CRM]
    run_cron(company, SMS_CRON)
    run_cron(company, MAIL_CRON)
    assert (len(smtp_sink.messages), sms_sink.numbers) == (2, []), "none leaves the campaign that stops"
    [stopped, running] = rpc("marketing.campaign", "read", [both, emails], ["state", "stop_reason"])
    assert (stopped["state"], stopped["stop_reason"]) == (
        "stopped",
        "The addon of its SMS activities was uninstalled.",
    )
    assert (running["state"], running["stop_reason"]) == ("running", False)
    marked = rpc("marketing.activity", "read", [steps["sms 1"], follow], ["activity_type", "trigger_type"])
    assert [(step["activity_type"], step["trigger_type"]) for step in marked] == [
        ("missing", "begin"),
        ("action", "missing"),
    ]
    cards = rpc("marketing.campaign", "get_workflow_cards", [both])
    assert cards
    form = rpc("marketing.campaign", "get_views", [(False, "form")])
    assert "stop_reason" in form["views"]["form"]["arch"]
    with pytest.raises(RpcError, match="“sms 1” is of a type or has a trigger whose addon was uninstalled"):
        rpc("marketing.campaign", "action_start_campaign", [both])
    company.query("UPDATE marketing_trace SET schedule_date = schedule_date - interval '2 days'")
    run_cron(company, EXECUTION_CRON)
    touched = [row["ref"] for row in rpc("res.partner", "read", people, ["ref"])]
    assert touched == ["TTT", "TTT"], "the step of a day later, of the other campaign alone"

    install(company, SMS)

    rpc("marketing.activity", "write", [steps["sms 1"]], {"activity_type": "sms"})
    rpc("marketing.activity", "write", [follow], {"trigger_type": "sms_not_click"})
    rpc("marketing.campaign", "action_start_campaign", [both])
    [late] = make_people(rpc, "Late")
    rpc("marketing.campaign", "action_enroll", [both], [late])
    run_cron(company, EXECUTION_CRON)
    run_cron(company, SMS_CRON)
    [late] = rpc("res.partner", "read", [late], ["phone"])
    assert sms_sink.numbers == [late["phone"]]
    rpc("marketing.campaign", "action_retry_errors", [both])
    run_cron(company, EXECUTION_CRON)
    run_cron(company, SMS_CRON)
    missed = [row["phone"] for row in rpc("res.partner", "read", people, ["phone"])]
    assert sorted(sms_sink.numbers) == sorted([late["phone"], *missed]), "who missed it gets it after a retry"
    assert not complaints(company)


def test_target_that_is_uninstalled(company, smtp_sink):
    """A campaign whose target goes stops and says why; nobody gets anything, others go on, its history can be read."""
    rpc = company.rpc
    rpc("crm.lead", "create", {"name": "Fay", "email_from": "fay@leads.example.com"})
    rpc("marketing.campaign", "create_from_template", "hot_leads")
    [campaign] = rpc("marketing.campaign", "search", [])
    target = model_of(rpc, "crm.lead")
    code = {"name": "Hot", "model_id": target, "state": "code", "code": "record.write({'priority': '3'})"}
    action = rpc("ir.actions.server", "create", dict(code, usage="marketing_automation"))
    step = {"name": "Own", "campaign_id": campaign, "activity_type": "action", "server_action_id": action}
    rpc("marketing.activity", "create", dict(step, trigger_type="begin", interval_number=1, interval_type="days"))
    people = make_people(rpc, "Ada")
    other = make_campaign(rpc, "Other")
    rpc("marketing.campaign", "action_start_campaign", [campaign, other])
    run_cron(company, EXECUTION_CRON)
    run_cron(company, MAIL_CRON)
    sent = len(smtp_sink.messages)

    uninstall(company, "crm")

    assert installed(company) == [APP, SMS]
    company.query("UPDATE marketing_trace SET schedule_date = schedule_date - interval '2 days'")
    for cron in (ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON):
        run_cron(company, cron)
    [values] = rpc("marketing.campaign", "read", [campaign])
    assert values["state"] == "stopped"
    assert "“crm.lead” no longer exists: the addon that brings it was uninstalled" in values["stop_reason"]
    assert (values["total_participant_count"], values["workflow_cards"]["participants"]["total"]) == (1, 1)
    assert len(smtp_sink.messages) == sent
    assert rpc("res.partner", "read", people, ["ref"])[0]["ref"] == "TT"
    assert rpc("marketing.campaign", "read", [other], ["state"])[0]["state"] == "running"
    with pytest.raises(RpcError, match="no longer exists"):
        rpc("marketing.campaign", "action_start_campaign", [campaign])
    participants = rpc("marketing.participant", "search_read", [("campaign_id", "=", campaign)])
    assert [participant["timeline_data"]["is_paused"] for participant in participants] == [True]
    assert rpc("marketing.trace", "search_read", [("campaign_id", "=", campaign)])
    rpc("marketing.campaign", "unlink", [campaign])
    assert not complaints(company)
