from odoo.addons.marketing_automation.models.mailing.mailing_mailing import NOBODY

# Of Odoo's own actions that leave templates out: by a field that may go next
ACTION_DOMAINS = {"mass_mailing_sms.mailing_mailing_action_sms": "[('mailing_type', '=', 'sms')]"}


def uninstall_hook(env):
    """Stop the campaigns that send SMS, and leave nothing that could still be sent.

    Their steps become of the type "missing". Odoo's history of the messages stays; the
    templates are left as mailings that reach nobody and are done with.
    """
    _stop_campaigns(env)
    _cancel_queued_messages(env)
    templates = (
        env["mailing.mailing"]
        .with_context(active_test=False)
        .search([("use_in_marketing_automation", "=", True), ("mailing_type", "=", "sms")])
    )
    templates.write({"mailing_domain": NOBODY, "state": "done", "active": False, "kpi_mail_required": False})
    for xmlid, domain in ACTION_DOMAINS.items():
        action = env.ref(xmlid, raise_if_not_found=False)
        if action:
            action.domain = domain
    env.flush_all()


def _stop_campaigns(env):
    """Stop what runs with one of our steps, whether the activities still show it or not."""
    ours = env["marketing.activity"]._describe_type_sms().triggers
    for campaign in env["marketing.campaign"].search([("state", "=", "running")]):
        steps = [
            *campaign._get_workflow().steps.values(),
            *(activity._to_step() for activity in campaign.marketing_activity_ids),
        ]
        if any(step.activity_type == "sms" or step.trigger_type in ours for step in steps):
            campaign._stop_for(env._("The addon of its SMS activities was uninstalled."))


def _cancel_queued_messages(env):
    """Cancel the SMS of campaigns that wait in Odoo's queue; their steps end as errors."""
    waiting = env["mailing.trace"].search(
        [("marketing_trace_id", "!=", False), ("trace_type", "=", "sms"), ("trace_status", "=", "outgoing")]
    )
    messages = env["sms.sms"].search([("id", "in", waiting.mapped("sms_id_int")), ("state", "=", "outgoing")])
    if messages:
        messages.action_set_canceled()
