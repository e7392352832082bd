"""What the upgrade to 19.0.1.0.2 makes of the digests of server actions, which are of less from then on."""

import hashlib
import json
from dataclasses import replace

from odoo.tools import SQL, hmac

from .models.server_actions.shipped import PRESENTATION


def renew_action_digests(env):
    """Give each action that nobody has changed the digest of now, so that no step waits, and no template's
    action loses its rights, for the upgrade's sake. What was changed before still waits for its Update.
    """
    _renew_shipped(env)
    campaigns = env["marketing.campaign"].with_context(active_test=False).search([("workflow", "!=", False)])
    for campaign in campaigns:
        workflow = campaign._get_workflow()
        rests = {key: _renew(env, workflow.steps.get(int(key)), rest) for key, rest in workflow.rests.items()}
        if rests != workflow.rests:
            # past the ORM: nobody has written this campaign
            renewed = json.dumps(replace(workflow, rests=rests).to_json())
            env.cr.execute(SQL("UPDATE marketing_campaign SET workflow = %s WHERE id = %s", renewed, campaign.id))
    env.invalidate_all()


def _renew_shipped(env):
    shipped = env["ir.actions.server"].search([("marketing_shipped_key", "!=", False)])
    for action in shipped:
        signed = (action.marketing_shipped_key, json.dumps(_get_contents(action), sort_keys=True, default=str))
        if action.marketing_shipped_digest == hmac(env, "marketing_automation-shipped", signed):
            digest = action._get_marketing_digest()
            env.cr.execute(
                SQL("UPDATE ir_act_server SET marketing_shipped_digest = %s WHERE id = %s", digest, action.id)
            )
    env.invalidate_all()


def _renew(env, step, rest):
    if not step or step.activity_type != "action":
        return rest
    action = env["ir.actions.server"].browse(step.template_id).exists()
    if not action:
        return rest
    before = hashlib.sha256(json.dumps(_get_contents(action), sort_keys=True, default=str).encode()).hexdigest()
    return action._get_marketing_rests()[action.id] if rest == {"model": action.model_name, "does": before} else rest


def _get_contents(actions):
    """Return what 19.0.1.0.1 took the digest of: notes, followers and planned activities too."""
    single = actions.ensure_one()
    fnames = sorted(
        name
        for name, field in single._fields.items()
        if field.store and name not in PRESENTATION and not name.startswith("binding_")
    )
    action = single.with_context(active_test=False, lang=None)
    [values] = action.read(fnames, load=None)
    contents = {name: value for name, value in values.items() if value and name != "id"}
    for template in single._get_marketing_template_digests().values():
        contents["template"] = template
    if single.child_ids:
        contents["child_ids"] = [_get_contents(child) for child in single.child_ids.sorted()]
    return contents
