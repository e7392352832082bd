"""An addon of ours that goes leaves the app working, on a real server."""

BRIDGE = "marketing_automation_crm"


def test_app_works_without_the_addon_for_leads(odoo_server):
    """What it adds to a campaign goes; campaigns on leads, which run without it, stay and go on."""
    rpc = odoo_server.rpc
    [target] = rpc("ir.model", "search", [("model", "=", "crm.lead")])
    lead = rpc("crm.lead", "create", {"name": "Fay", "email_from": "fay@leads.example.com"})
    code = {"name": "Hot", "model_id": target, "state": "code", "code": "record.write({'priority': '3'})"}
    action = rpc("ir.actions.server", "create", dict(code, usage="marketing_automation"))
    campaign = rpc("marketing.campaign", "create", {"name": "Hot leads", "model_id": target, "domain": "[]"})
    step = {"name": "Hot", "campaign_id": campaign, "activity_type": "action", "server_action_id": action}
    rpc("marketing.activity", "create", dict(step, trigger_type="begin", interval_number=1, interval_type="days"))
    rpc("marketing.campaign", "action_start_campaign", [campaign])
    assert "crm_lead_count" in rpc("marketing.campaign", "get_view", view_type="form")["arch"]

    [module] = rpc("ir.module.module", "search", [("name", "=", BRIDGE)])
    rpc("ir.module.module", "button_immediate_uninstall", [module])
    assert rpc("ir.module.module", "read", [module], ["state"])[0]["state"] == "uninstalled"

    assert "crm_lead_count" not in rpc("marketing.campaign", "get_view", view_type="form")["arch"]
    [values] = rpc("marketing.campaign", "read", [campaign])
    assert (values["state"], values["model_name"], values["total_participant_count"]) == ("running", "crm.lead", 1)
    assert not [name for name in values if "crm" in name]
    odoo_server.query("UPDATE marketing_trace SET schedule_date = schedule_date - interval '2 days'")
    [cron] = rpc("ir.cron", "search", [("cron_name", "=", "Marketing Automation: execute activities")])
    rpc("ir.cron", "method_direct_trigger", [cron])
    assert rpc("crm.lead", "read", [lead], ["priority"])[0]["priority"] == "3"
    assert " ERROR " not in odoo_server.log()
