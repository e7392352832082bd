"""A company that writes emails and text messages: what it has when a test of a whole server begins."""

import itertools

from real_odoo import MARKETER_GROUP

BODY = '<div><p>Hello</p><p><a href="https://shop.example.com/catalogue">The catalogue</a></p></div>'
ENROLMENT_CRON = "marketing_automation.ir_cron_campaign_sync_participants"
EXECUTION_CRON = "marketing_automation.ir_cron_campaign_execute_activities"
MAIL_CRON, SMS_CRON = "mail.ir_cron_mail_scheduler_action", "sms.ir_cron_sms_scheduler_action"
SENDING_CRON = "marketing_automation.ir_cron_send_emails"
# Written by an administrator for marketers, who may not change contacts themselves
TOUCH = "record.sudo().write({'ref': (record.ref or '') + 'T'})"
numbers = itertools.count(10)


def make_people(rpc, *names):
    return rpc(
        "res.partner",
        "create",
        [
            {"name": name, "email": f"{name.lower()}@people.example.com", "phone": f"+324560001{next(numbers)}"}
            for name in names
        ],
    )


def model_of(rpc, model):
    return rpc("ir.model", "search", [("model", "=", model)])[0]


def make_action(server, name, code=TOUCH):
    """Make a server action on contacts that marketers may run."""
    values = {"name": name, "model_id": model_of(server.rpc, "res.partner"), "state": "code", "code": code}
    groups = [(6, 0, [server.ref(MARKETER_GROUP)])]
    return server.rpc("ir.actions.server", "create", {**values, "group_ids": groups, "usage": "marketing_automation"})


def make_campaign(rpc, name):
    """Make a campaign of an email, an SMS, a user's server action, and one more a day later."""
    model = model_of(rpc, "res.partner")
    kinds = {"mail": {"body_html": BODY}, "sms": {"body_plaintext": "Hello: https://shop.example.com/sms"}}
    email, sms = (
        rpc(
            "mailing.mailing",
            "create",
            {
                "subject": f"{name}: {kind}",
                "mailing_type": kind,
                "mailing_model_id": model,
                "use_in_marketing_automation": True,
                **content,
            },
        )
        for kind, content in kinds.items()
    )
    code = {"state": "code", "code": "record.write({'ref': (record.ref or '') + 'T'})"}
    values = {"name": f"{name}: touch", "model_id": model, "usage": "marketing_automation", **code}
    action = rpc("ir.actions.server", "create", values)
    steps = [
        ("email", {"mass_mailing_id": email}),
        ("sms", {"mass_mailing_id": sms}),
        ("action", {"server_action_id": action}),
        ("action", {"server_action_id": action, "interval_number": 24}),
    ]
    begin = {"trigger_type": "begin", "interval_number": 0, "interval_type": "hours"}
    return rpc(
        "marketing.campaign",
        "create",
        {
            "name": name,
            "model_id": model,
            "domain": repr([("email", "like", "@people.example.com")]),
            "marketing_activity_ids": [
                (0, 0, {"name": f"{kind} {number}", "activity_type": kind, **begin, **values})
                for number, (kind, values) in enumerate(steps)
            ],
        },
    )
