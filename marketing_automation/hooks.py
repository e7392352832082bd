from odoo.tools import sql

from .models.counters import triggers
from .models.mailing.mailing_mailing import NOBODY
from .models.sending import places

# Of Odoo's own actions that leave templates out: by our field, which goes
ACTION_DOMAINS = {
    "mass_mailing.mailing_mailing_action_mail": "[('mailing_type', '=', 'mail')]",
    "mass_mailing.action_view_mass_mailings_from_campaign": "[('mailing_type', '=', 'mail')]",
}


def uninstall_hook(env):
    """Leave the templates of campaigns as mailings that reach nobody and are done with.

    Odoo's history of them stays. What made them safe to keep, the override of their
    recipients' domain, goes with this addon; the stored domain and state remain. Mails that
    wait in Odoo's queue are not sent any more.
    """
    queued = env["mail.mail"].search([("marketing_trace_id", "!=", False), ("state", "=", "outgoing")])
    queued.write({"state": "cancel"})
    queued.mailing_trace_ids.set_canceled()
    templates = (
        env["mailing.mailing"].with_context(active_test=False).search([("use_in_marketing_automation", "=", True)])
    )
    templates.write({"mailing_domain": NOBODY, "state": "done", "active": False, "kpi_mail_required": False})
    for xmlid, domain in ACTION_DOMAINS.items():
        action = env.ref(xmlid, raise_if_not_found=False)
        if action:
            action.domain = domain
    env["ir.config_parameter"].search([("key", "=like", "marketing\\_automation.%")]).unlink()
    # On a column of Odoo's, which stays
    sql.drop_index(env.cr, sql.make_index_name("mailing_trace", "message_id"), "mailing_trace")
    env.flush_all()
    triggers.uninstall(env.cr)
    places.uninstall(env.cr)
