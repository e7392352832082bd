"""What the upgrade to 19.0.1.0.1 makes of campaigns that rest on what others could change, or have taken from them."""

import json
from dataclasses import replace

from odoo.tools import SQL


def keep_what_campaigns_rest_on(env):
    """Have the workflows that run say what they rest on now, give templates files of their own, keep lost unicity."""
    _keep_lost_unicity(env)
    env["mailing.mailing"].with_context(active_test=False).search(
        [("use_in_marketing_automation", "=", True)]
    )._own_files()
    campaigns = env["marketing.campaign"].with_context(active_test=False).search([("workflow", "!=", False)])
    for campaign in campaigns:
        workflow = campaign._get_workflow()
        workflow = replace(
            workflow,
            model_name=workflow.model_name or campaign.model_name,
            # where an edit waits for Update, the step rests on another template or action: that is known at Update
            rests={
                str(activity.id): rest
                for activity, rest in campaign.marketing_activity_ids._get_rests().items()
                if activity.id in workflow.steps
                and activity._get_template_id() == workflow.steps[activity.id].template_id
            },
        )
        # past the ORM: nobody has written this campaign
        env.cr.execute(
            SQL(
                "UPDATE marketing_campaign SET workflow = %s WHERE id = %s", json.dumps(workflow.to_json()), campaign.id
            )
        )
    env.invalidate_all()


def _keep_lost_unicity(env):
    """Note the field that unicity was based on when a campaign last started, where it does not exist any more."""
    env.cr.execute(
        SQL(
            """
            UPDATE marketing_campaign c SET unique_field_name = c.workflow ->> 'unique_field'
             WHERE c.unique_field_id IS NULL AND c.workflow ->> 'unique_field' IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM ir_model_fields f
                                WHERE f.model = c.model_name AND f.name = c.workflow ->> 'unique_field')
            """
        )
    )
    env.invalidate_all()
