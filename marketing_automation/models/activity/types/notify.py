"""A step that tells colleagues what happened: in Discuss or by email, as each of them prefers in Odoo.

A batch of many records makes one message for each person, which lists them: nobody gets hundreds.
"""

from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.tools import LazyTranslate

from ....engine.activity_types import ActivityType
from ...guards.marketing_checked_mixin import shorten

_lt = LazyTranslate(__name__)

LISTED = 20  # records that a message names
NOTIFY = ActivityType(
    "notify",
    icon="fa-bell-o",
    hint=_lt("Tell colleagues what happened"),
    group="team",
    does=(_lt("tell colleagues"),) * 2,
    settings={"text": "notify_text", "whom": "whom", "people": "person_ids"},
    required=("text",),
    form="""
        <field name="whom" widget="radio" required="True" string="Tell"/>
        <field name="person_ids" widget="many2many_tags_avatar" options="{'no_create': True}"
               placeholder="Choose whom to tell" invisible="whom != 'people'" required="whom == 'people'"/>
        <field name="notify_text" required="True" placeholder="e.g. Asked for an offer: please call today"/>
        <div colspan="2" class="o_marketing_muted small mb-2">
            In Discuss or by email, as each of them prefers, with a link to the record. Many records at once make one
            message.
        </div>
    """,
    form_texts=(
        _lt("Tell"),
        _lt("Choose whom to tell"),
        _lt("e.g. Asked for an offer: please call today"),
        _lt(
            "In Discuss or by email, as each of them prefers, with a link to the record. "
            "Many records at once make one message."
        ),
    ),
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    activity_type = fields.Selection(
        selection_add=[("notify", "Tell Colleagues"), ("missing",)], ondelete={"notify": "set missing"}
    )
    notify_text = fields.Text(string="Message", help="What your colleagues read above the records.")

    @api.model
    def _describe_type_notify(self):
        return NOTIFY

    # ------------------------------------------------------------
    # What is refused, or lost
    # ------------------------------------------------------------

    def _find_errors_notify(self):
        return self._find_whom_errors() if self.model_name in self.env else []

    def _find_losses_notify(self):
        losses = {activity: activity._find_notify_loss(activity._get_settings()) for activity in self}
        return {activity: [loss] for activity, loss in losses.items() if loss}

    def _find_hold_notify(self, step, _approved):
        return self._find_notify_loss(step.settings)

    def _find_notify_loss(self, settings):
        return None if settings["whom"] == "record" else self._find_people_loss(settings["people"])

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _phrase_notify(self, settings):
        return self._word_telling(settings, (settings["text"] or "").strip().split("\n")[0])

    def _compare_notify(self, old):
        """Return in words what has changed since a step was published: with the whole message, not its first line."""
        return self._tell_change(
            *(
                self._word_telling(settings, shorten(" ".join((settings["text"] or "").split())))
                for settings in (old, self._get_settings())
            )
        )

    def _word_telling(self, settings, text):
        whom, text = self._name_whom(settings), text.removesuffix(".")
        if not text:
            return _("tell %s", whom)
        return _("tell %(whom)s “%(text)s”", whom=whom, text=text)

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    @api.private
    def _execute_notify(self, traces, now):
        """Tell colleagues of a batch's records, each in one message.

        :raise RunAlone: where Odoo does something upon it that leaves the transaction
        """
        env, settings = self.campaign_id._get_run_env(), self._get_running_step().settings
        loss = self._find_notify_loss(settings)
        if loss:  # of a test: what runs waits for an Update instead
            return self._fail_each(traces, loss)
        records = env[self.campaign_id._get_target()].browse(traces.sorted("id").mapped("res_id"))
        outcomes, told = {}, {}
        if settings["whom"] == "record":
            for record in records:
                person = self._get_people(record.sudo().user_id.ids)
                told.setdefault(person, []).append(record.id)
            nobody = set(told.pop(self.env["res.users"], []))
            for trace in traces:
                if trace.res_id in nobody:
                    outcomes[trace.id] = ("canceled", "nobody_responsible", None)
        else:
            told = dict.fromkeys(self._get_people(settings["people"]), records.ids)
        if told:
            self._do_together(traces, lambda: self._tell(env, told, settings["text"]))
        return outcomes

    def _tell(self, env, told, text):
        """Send a message to each person.

        :param dict told: ids of records by res.users
        """
        model_name = self.campaign_id._get_target()
        for person, ids in told.items():
            # what they may not read they are not told of
            theirs = self.env(user=person.id, su=False, context={"allowed_company_ids": person.company_ids.ids})
            records = theirs[model_name].browse(ids)._filtered_access("read")
            if not records:
                continue
            words = self.with_context(lang=person.lang)._word_message(records, text)
            env["mail.thread"].with_context(mail_notify_force_send=False, lang=person.lang).message_notify(
                partner_ids=person.partner_id.ids,
                subject=words[0],
                body=words[1],
                email_layout_xmlid="mail.mail_notification_light",
                notify_author=True,
            )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger_after_commit()

    def _word_message(self, records, text):
        """Return the subject and the body of a message about records."""
        link, url = Markup('<li><a href="%s">%s</a></li>'), f"/mail/view?model={records._name}&res_id="
        lines = Markup().join(link % (f"{url}{record.id}", record.display_name or "-") for record in records[:LISTED])
        more = len(records) - LISTED
        if more > 0:
            lines += Markup("<li>%s</li>") % _("and %s more", more)
        origin = _("Campaign “%(campaign)s”, step “%(step)s”", campaign=self.campaign_id.name, step=self.name)
        body = Markup("<p>%s</p><ul>%s</ul><p><small>%s</small></p>") % (
            Markup("<br/>").join(text.strip().split("\n")),
            lines,
            origin,
        )
        subject = text.strip().split("\n")[0]
        if len(records) == 1:
            subject = _("%(record)s: %(text)s", record=records.display_name, text=subject)
        return subject, body
