"""Campaigns made up from a number: each type of step and of entry, with whatever a user may set."""

from odoo.fields import Command

FILTERS = ["[]", "[('name', 'ilike', 'A')]", "[('create_date', '>=', context_today() - relativedelta(days=7))]"]
UNITS = ["hours", "days", "weeks", "months"]


class CampaignSamples:
    """Makes campaigns on contacts for a test.

    :param test: a MarketingAutomationCommon with an ``editor``, who may change contacts and write server actions
    :param random.Random chance:
    """

    def __init__(self, test, chance):
        self.env = test.env(user=test.editor)
        self.chance = chance
        self.partner = test.model_partner.id
        self.tags = self.env["utm.tag"].create([{"name": name} for name in ("Spring", "Autumn")])
        self.categories = self.env["res.partner.category"].create(
            [{"name": name} for name in ("Gold", "Silver", "Tin")]
        )
        self.list = self.env["mailing.list"].create({"name": "Friends of the house"})
        self.users = test.marketer | test.editor
        self.fields = self.env["ir.model.fields"].sudo()

    def any(self, *values):
        return self.chance.choice(values)

    def filter(self):
        ids = self.chance.sample(self.categories.ids, self.any(1, 2))
        return self.any(
            *FILTERS,
            f"[('category_id', 'in', {ids})]",
            f"['|', ('category_id', '=', {ids[0]}), ('user_id', '!=', uid)]",
            f'[("parent_id", "any", [("category_id", "in", {ids}), ("name", "!=", "é")])]',
            f"[('id', 'not in', [{self.env.user.partner_id.id}])]",
        )

    def make(self, number):
        """Return a campaign."""
        self.campaign = self.env["marketing.campaign"].create(
            {
                "name": f"Campaign {number}",
                "model_id": self.partner,
                "domain": self.filter(),
                "tag_ids": [Command.set(self.chance.sample(self.tags.ids, self.any(0, 1, 2)))],
                "user_id": self.any(False, *self.users.ids),
                "color": self.any(0, 3),
                "unique_field_id": self.any(False, self.fields._get("res.partner", "email").id),
                "leave_on_mismatch": self.any(True, False),
                "reentry": self.any(*self.env["marketing.campaign"]._fields["reentry"].get_values(self.env)),
                "hourly_limit": self.any(0, 50),
                "sending_calendar_id": self.any(False, self.env.company.resource_calendar_id.id),
                "goal_domain": self.any(False, self.filter()),
                "goal_window_number": self.any(0, 5),
                "goal_leave": self.any(True, False),
                "exit_domain": self.any(False, self.filter()),
                "entry_ids": [Command.create(self.entry()) for _number in range(self.any(0, 1, 2))],
            }
        )
        steps = self.env["marketing.activity"]
        for place in range(self.chance.randint(1, 5)):
            parent = self.any(steps.browse(), *steps.filtered("may_be_followed"))
            steps |= self.step(place, parent)
        if emails := steps.filtered("sends_message"):
            self.campaign.goal_behavior = self.any(False, self.behaviour(emails))
        return self.campaign

    def entry(self):
        return self.any(
            {"entry_type": "filter"},
            {
                "entry_type": "date",
                "date_field_id": self.fields._get("res.partner", "create_date").id,
                "offset_number": self.any(0, 3),
                "offset_unit": self.any(*UNITS),
                "offset_direction": self.any("before", "after"),
            },
            {"entry_type": "webhook", "webhook_create": self.any(True, False)},
        )

    def behaviour(self, emails):
        line = {"did": self.any(True, False), "event": self.any("open", "sent"), "activity": self.any(*emails.ids)}
        return {"any": self.any(True, False), "lines": [line, {"event": "click", "link": "offer"}]}

    def step(self, place, parent):
        kind = self.any("email", "email", *KINDS)
        before = self.campaign.marketing_activity_ids
        way = self.any(*parent._get_ways()) if parent else {"trigger": "begin", "values": {}}
        return self.env["marketing.activity"].create(
            {
                "name": f"Step {place}",
                "campaign_id": self.campaign.id,
                "parent_id": parent.id,
                "trigger_type": way["trigger"],
                **way["values"],
                "sequence": self.any(5, 10, 20),
                "activity_type": kind,
                "interval_number": self.any(0, 2),
                "interval_type": self.any(*UNITS),
                "activity_domain": self.filter(),
                "validity_duration": self.any(True, False),
                **getattr(self, f"_{kind}")(place, before),
            }
        )

    # -- what each type of step has

    def _email(self, place, before):
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": f"Hello {place}, {{{{ object.name }}}}",
                "preview": self.any(False, "Look"),
                "body_html": f"<p>Dear <t t-out='object.name'/>, <b>{place}</b> &amp; <a href='https://x.example.com'>x</a></p>",
                "mailing_model_id": self.partner,
                "use_in_marketing_automation": True,
                "reply_to_mode": "new",
                "reply_to": "answers@marketing.example.com",
            }
        )
        return {"mass_mailing_id": mailing.id}

    def _action(self, place, before):
        own = self.any({"state": "code", "code": "record.write({'ref': 'x'})"}, *self._action_values())
        action = {"name": f"Action {place}", "model_id": self.partner, "usage": "marketing_automation", **own}
        return {"server_action_id": self.env["ir.actions.server"].create(action).id}

    def _action_values(self):
        category = self.any(*self.categories)
        yield {
            "state": "object_write",
            "update_path": "category_id",
            "update_m2m_operation": "add",
            "evaluation_type": "value",
            "resource_ref": f"{category._name},{category.id}",
        }
        yield {
            "state": "next_activity",
            "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
            "activity_summary": "Call",
            "activity_user_type": "specific",
            "activity_user_id": self.users[0].id,
        }

    def _condition(self, place, before):
        emails = before.filtered("sends_message")
        behaviour = self.behaviour(emails) if emails else {"lines": [{"event": "reply"}]}
        return {"condition_domain": self.filter(), "condition_behavior": self.any(False, behaviour)}

    def _split(self, place, before):
        return {"branch_ids": [Command.create({"name": n, "weight": self.any(1, 50)}) for n in ("Left", "Right")]}

    def _jump(self, place, before):
        return {"jump_activity_id": self.any(False, *before.ids), "jump_limit": self.any(1, 3)}

    def _end(self, place, before):
        return {"end_reason": self.any(False, "Enough"), "end_is_goal": self.any(True, False)}

    def _wait(self, place, before):
        return {
            "wait_type": self.any("domain", "date", "weekday"),
            "wait_domain": self.filter(),
            "wait_date_field_id": self.fields._get("res.partner", "create_date").id,
            "wait_offset_number": self.any(0, 2),
            "wait_limit_number": self.any(1, 2),
            "wait_limit_unit": self.any(*UNITS),
        }

    def _update(self, place, before):
        return self.any(
            {"update_field": "category_id", "update_operation": "add", "update_value": self.categories[:2].ids},
            {"update_field": "user_id", "update_operation": "set", "update_value": self.users[0].id},
            {"update_field": "ref", "update_operation": "copy", "update_source": "name"},
            {"update_field": "comment"} | {"update_field": "ref", "update_operation": "set", "update_value": "7"},
        )

    def _list(self, place, before):
        return {"mailing_list_id": self.list.id}

    def _assign(self, place, before):
        return {"person_ids": [Command.set(self.users.ids)], "whom": self.any("people", "record")}


KINDS = ["action", "condition", "split", "jump", "end", "wait", "update", "list", "assign"]
