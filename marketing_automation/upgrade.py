"""What the scripts in ``migrations/`` do that needs the models and the language of a campaign's users."""

from odoo import SUPERUSER_ID
from odoo.tools import SQL


def stop_suspect_campaigns(env):
    """Stop the running campaigns that somebody may have forged, or may have turned on the wrong people.

    Up to 19.0.1.0.0 a campaign could be created running, as anybody; its target could be rewritten while it ran, and so
    could the model of its templates. What such a campaign would do next is for a person to look at.

    :return: the stopped marketing.campaign
    """
    doubts = {campaign_id: _never_started_reason for campaign_id in _find_never_started(env)}
    doubts |= {campaign_id: _other_target_reason for campaign_id in _find_with_other_target(env)}
    campaigns = env["marketing.campaign"].browse(sorted(doubts)).exists()
    for campaign in campaigns:
        reason = doubts[campaign.id](campaign.with_context(lang=campaign.run_as_id.lang))
        campaign._stop_for(reason)
    return campaigns


def _never_started_reason(campaign):
    return campaign.env._(
        "Nothing shows that %s has ever started this campaign: until this upgrade, others could make it run with "
        "somebody's rights. Look at what it does, then start it again.",
        campaign.run_as_id.name,
    )


def _other_target_reason(campaign):
    return campaign.env._(
        "Its target, or that of one of its templates or server actions, was changed while it ran: it may have reached "
        "others than its audience. Look at its activities, then start it again."
    )


def _find_never_started(env):
    """Return the ids of the running campaigns of which nothing says that somebody has pressed Start or Update.

    Both put the name of who presses them on the campaign, and enrol the first participants as that user; scheduled
    actions enrol as the superuser. Where there was nobody to enrol, a person has to look, too. Campaigns could be
    forged when they were created: the user's own are beyond doubt, and those that the superuser made.
    """
    query = SQL(
        """
        SELECT c.id FROM marketing_campaign c
         WHERE c.state = 'running' AND c.create_uid IS DISTINCT FROM c.run_as_id AND c.create_uid != %s
           AND NOT EXISTS (SELECT 1 FROM marketing_participant p
                            WHERE p.campaign_id = c.id AND p.source = 'filter' AND p.create_uid != %s
                              AND p.is_test IS NOT TRUE)
        """,
        SUPERUSER_ID,
        SUPERUSER_ID,
    )
    return [campaign_id for (campaign_id,) in env.execute_query(query)]


def _find_with_other_target(env):
    """Return the ids of the running campaigns that work on another model than they were made for."""
    query = SQL(
        """
        SELECT c.id, c.workflow, c.model_name, target.model
          FROM marketing_campaign c LEFT JOIN ir_model target ON target.id = c.model_id
         WHERE c.state = 'running'
        """
    )
    return [
        campaign_id
        for campaign_id, workflow, model_name, target in env.execute_query(query)
        if (target and target != model_name) or _executes_other_model(env, workflow, model_name)
    ]


def _executes_other_model(env, workflow, model_name):
    """Tell whether a step of a stored workflow is made for another model, or cannot be read.

    :param workflow: as 19.0.1.0.0 kept it, or whatever somebody put there
    :param str model_name: the campaign's target
    """
    types = env["marketing.activity"]._get_types()
    mailing_types = {name: described.mailing_type for name, described in types.items() if described.mailing_type}
    try:
        steps = [(step["activity_type"], step["template_id"]) for step in workflow["steps"]]
        mailing_ids = [int(template_id) for kind, template_id in steps if kind in mailing_types and template_id]
        action_ids = [int(template_id) for kind, template_id in steps if kind == "action" and template_id]
    except (KeyError, TypeError, ValueError):
        return True
    mailings = env["mailing.mailing"].browse(mailing_ids).exists()
    actions = env["ir.actions.server"].browse(action_ids).exists()
    type_by_id = {template_id: mailing_types.get(kind) for kind, template_id in steps}
    return any(action.model_name != model_name for action in actions) or any(
        mailing.mailing_model_real != model_name or mailing.mailing_type != type_by_id[mailing.id]
        for mailing in mailings
    )
