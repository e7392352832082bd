"""A step that puts the record's address on a mailing list, or takes it off.

Taking off ends a subscription; it is no opt-out, which only a person says. So another step may put the address on the
list again later. People who have opted out of the list stay opted out, whatever steps do.
"""

from odoo import _, api, fields, models
from odoo.tools import LazyTranslate, email_normalize

from ....engine.activity_types import ActivityType

_lt = LazyTranslate(__name__)

LIST = ActivityType(
    "list",
    icon="fa-list-ul",
    hint=_lt("Put them on a mailing list, or take them off"),
    does=(_lt("put the address on a mailing list, or take it off"),) * 2,
    settings={"operation": "list_operation", "list": "mailing_list_id"},
    required=("list",),
    form="""
        <field name="list_operation" widget="radio" options="{'horizontal': true}" required="True"/>
        <field name="mailing_list_id" required="True" placeholder="Choose a mailing list"
               options="{'no_quick_create': True}"/>
        <div colspan="2" class="o_marketing_muted small mb-2">
            People who have opted out of the list stay opted out. Taking an address off is no opt-out: it may be put on
            again.
        </div>
    """,
    form_texts=(
        _lt("Choose a mailing list"),
        _lt(
            "People who have opted out of the list stay opted out. Taking an address off is no opt-out: it may be "
            "put on again."
        ),
    ),
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    activity_type = fields.Selection(
        selection_add=[("list", "Mailing List"), ("missing",)], ondelete={"list": "set missing"}
    )
    list_operation = fields.Selection(
        [("on", "Put on the list"), ("off", "Take off the list")], string="Subscription", default="on"
    )
    mailing_list_id = fields.Many2one("mailing.list", ondelete="set null")

    @api.model
    def _describe_type_list(self):
        return LIST

    # ------------------------------------------------------------
    # What is refused, or lost
    # ------------------------------------------------------------

    def _find_errors_list(self):
        problems = []
        if self.model_name in self.env and not self._get_address_field(self.env[self.model_name]):
            target = self.env["ir.model"].sudo()._get(self.model_name).name
            problems.append(_("“%(activity)s”: “%(model)s” has no email address.", activity=self.name, model=target))
        if self.mailing_list_id and not self.mailing_list_id.sudo().active:
            problems.append(self._word_list_loss(self.mailing_list_id))
        return problems

    def _find_user_errors_list(self, user):
        return self._find_list_rights(self.mailing_list_id, user) if self.mailing_list_id else []

    def _find_list_rights(self, mailing_list, who):
        """Return in words what a user may not do of what such a step does."""
        env = self.campaign_id._get_env_of(who)
        explain = self.env["ir.actions.server"]._explain_missing_right
        problems = [
            *explain(env["mailing.contact"], "create"),
            *explain(env["mailing.subscription"], "create"),
            *explain(env["mailing.subscription"], "unlink"),
        ]
        if not problems and not env["mailing.list"].browse(mailing_list.id).has_access("read"):
            problems.append(_("%s may not see the mailing list.", who.name))
        return [
            _("“%(activity)s”: %(problem)s", activity=self.name, problem=words) for words in dict.fromkeys(problems)
        ]

    def _find_losses_list(self):
        gone = self.filtered(lambda activity: not activity.mailing_list_id.sudo().active)
        return {activity: [activity._word_list_loss(activity.mailing_list_id)] for activity in gone}

    def _find_hold_list(self, step, _approved):
        mailing_list = self.env["mailing.list"].sudo().browse(step.settings["list"]).exists()
        if not mailing_list.active:
            return self._word_list_loss(mailing_list)
        problems = self._find_list_rights(mailing_list, self.campaign_id._get_run_user())
        return problems[0] if problems else None

    def _word_list_loss(self, mailing_list):
        if not mailing_list:
            return _("“%s”: its mailing list was deleted. Choose another.", self.name)
        return _(
            "“%(activity)s”: its mailing list “%(list)s” is archived. Choose another.",
            activity=self.name,
            list=mailing_list.sudo().name,
        )

    @api.model
    def _get_address_field(self, model):
        """Return the name of the field with a record's email address, or None."""
        name = model._mail_get_primary_email_field() if hasattr(model, "_mail_get_primary_email_field") else None
        return name if name in model._fields else None

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _phrase_list(self, settings):
        mailing_list = self.env["mailing.list"].sudo(False).browse(settings["list"] or []).exists()
        if not mailing_list:
            return None
        pattern = _("take the address off “%s”") if settings["operation"] == "off" else _("put the address on “%s”")
        return pattern % (mailing_list._filtered_access("read").name or "…")

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    @api.model
    def _find_lane_lock_list(self, step):
        """Of all such steps: another would make a contact for an address too, which this one is making just now."""
        return "mailing contacts" if step.settings["operation"] == "on" else None

    @api.private
    def _execute_list(self, traces, now):
        """Put the addresses of a batch on the list, or take them off, as the campaign's user.

        :raise RunAlone: where Odoo does something upon it that leaves the transaction
        """
        env, settings = self.campaign_id._get_run_env(), self._get_running_step().settings
        mailing_list = env["mailing.list"].browse(settings["list"]).exists()
        if not mailing_list:  # of a test: what runs waits for an Update instead
            return self._fail_each(traces, self._word_list_loss(mailing_list))
        return self._do_together(traces, lambda: self._change_list(env, traces, mailing_list, settings["operation"]))

    def _change_list(self, env, traces, mailing_list, operation):
        outcomes, emails = self._get_list_addresses(env, traces)
        contacts = env["mailing.contact"].search([("email_normalized", "in", list(set(emails.values())))], order="id")
        lines = env["mailing.subscription"].search(
            [("list_id", "=", mailing_list.id), ("contact_id", "in", contacts.ids)]
        )
        # by address: a person with several contacts opts out once for all of them
        opted_out = set(lines.filtered("opt_out").contact_id.mapped("email_normalized"))
        outcomes |= {
            trace_id: ("canceled", "list_optout", None) for trace_id, email in emails.items() if email in opted_out
        }
        if operation == "off":
            lines.filtered(lambda line: line.contact_id.email_normalized not in opted_out).unlink()
            return outcomes
        subscribed = set(lines.contact_id.mapped("email_normalized"))
        new = {}  # the first record with each address
        for trace in traces:
            email = emails.get(trace.id)
            if email and email not in opted_out | subscribed:
                new.setdefault(email, trace.res_id)
        self._subscribe(env, mailing_list, contacts, new)
        return outcomes

    def _subscribe(self, env, mailing_list, contacts, new):
        """Subscribe addresses to a list: of each the record itself, its oldest contact, or one that is made for it.

        :param contacts: mailing.contact that have one of the addresses
        :param dict new: ids of records by address
        """
        found = {contact.email_normalized: contact for contact in reversed(contacts)}
        if self.campaign_id._get_target() == "mailing.contact":
            found |= {email: contacts.browse(res_id) for email, res_id in new.items()}
        unknown = {email: res_id for email, res_id in new.items() if email not in found}
        if unknown:
            records = env[self.campaign_id._get_target()].browse(unknown.values())
            names = self._get_contact_names(records)
            made = contacts.create([{"name": names[res_id], "email": email} for email, res_id in unknown.items()])
            found |= dict(zip(unknown, made, strict=True))
        ids = [found[email].id for email in new]
        env["mailing.subscription"].create([{"contact_id": id_, "list_id": mailing_list.id} for id_ in ids])
        words = _(
            "Added to the mailing list “%(list)s” by the campaign “%(campaign)s”.",
            list=mailing_list.name,
            campaign=self.campaign_id.name,
        )
        contacts.browse(ids)._message_log_batch(bodies=dict.fromkeys(ids, words))

    @api.model
    def _get_contact_names(self, records):
        """Return the name for a mailing contact of each record: of the person, where Odoo knows it."""
        name = self._get_address_field(records)
        people = records._get_customer_information() if hasattr(records, "_get_customer_information") else {}
        names = {}
        for record in records:
            known = people.get(email_normalize(record[name] or "", strict=False), {})
            names[record.id] = known.get("name") or record[record._rec_name or "display_name"] or record[name]
        return names

    def _get_list_addresses(self, env, traces):
        """Return which traces' records have no address, and the addresses of the others.

        :return: outcomes by trace id, normalized addresses by trace id
        """
        records = env[self.campaign_id._get_target()].browse(traces.mapped("res_id"))
        name = self._get_address_field(records)
        written = {record.id: (record[name] or "").strip() for record in records}
        outcomes, emails = {}, {}
        for trace in traces:
            email = email_normalize(written[trace.res_id], strict=False)
            if email:
                emails[trace.id] = email
            else:
                code = "mail_email_invalid" if written[trace.res_id] else "mail_email_missing"
                outcomes[trace.id] = ("canceled", code, None)
        return outcomes, emails
