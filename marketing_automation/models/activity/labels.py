"""What an activity does and when, in words: for the cards of the workflow and its dialog."""

from odoo import _, api, fields, models

from ...engine.workflow import STEPS
from .checks import MAX_INTERVAL
from .statistics import EVENTS

# What the form says about what is typed there
TOLD = ("sentence", "wait_warning", "interval_error", "validity_error")


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    trigger_label = fields.Char(string="Runs", compute="_compute_trigger_label")
    sentence = fields.Text(compute="_compute_sentence", help="What will happen, in words.")
    interval_error = fields.Char(compute="_compute_interval_errors")
    validity_error = fields.Char(compute="_compute_interval_errors")
    allowed_trigger_types = fields.Json(compute="_compute_allowed_trigger_types")

    def onchange(self, values, field_names, fields_spec):
        """Tell what the form says of its values also where one is again what it was before.

        Odoo returns what differs from the record as it is stored, or, of a new one, from a form that is empty there: a
        sentence about "2 days" would stay as somebody types 0.
        """
        result = super().onchange(values, field_names, fields_spec)
        told = [name for name in TOLD if name in fields_spec and name not in result.get("value", {})]
        if field_names and told:
            scalars = {
                name: value
                for name, value in result["value"].items()
                if not self._fields[name].relational and not self._fields[name].compute
            }
            values = {name: value for name, value in values.items() if name != "id"}
            activity = self.new({**values, **scalars}, origin=self)
            result["value"].update({name: activity[name] for name in told})
        return result

    # ------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------

    @api.depends(
        *("trigger_type", "bounce_type", "link_filter", "interval_number", "interval_type", "at_time", "time_of_day"),
        *("parent_id.name", "parent_id.activity_type", "branch_id.name"),
        "parent_id.mass_mailing_id.marketing_confirm_click",
    )
    @api.depends_context("lang")
    def _compute_trigger_label(self):
        for activity in self:
            activity.trigger_label = activity._get_timing_label()

    @api.depends(
        lambda self: [
            *("trigger_label", "trigger_type", "name", "activity_type", "activity_domain"),
            *("validity_duration", "validity_duration_number", "validity_duration_type", "ignore_sending_hours"),
            "best_time",
            *self._get_setting_fields(),
            *("branch_ids.name", "campaign_id.sending_calendar_id"),
        ]
    )
    @api.depends_context("lang", "uid")
    def _compute_sentence(self):
        for activity in self:
            sentences = [_("%(when)s: %(what)s.", when=activity.trigger_label, what=activity._get_action_label())]
            if (activity.activity_domain or "[]").strip() not in ("[]", "()"):
                sentences.append(_("Only for records that match its filter at that moment."))
            if activity.validity_duration:
                sentences.append(activity._get_expiry_sentence())
            activity.sentence = " ".join([*sentences, *activity._get_sending_sentences()])

    @api.depends("interval_number", "validity_duration", "validity_duration_number")
    @api.depends_context("lang")
    def _compute_interval_errors(self):
        error = _("A whole number from 0 to %s.", MAX_INTERVAL)
        for activity in self:
            is_wrong = not 0 <= activity.interval_number <= MAX_INTERVAL
            activity.interval_error = error if is_wrong else False
            is_wrong = activity.validity_duration and not 0 <= activity.validity_duration_number <= MAX_INTERVAL
            activity.validity_error = error if is_wrong else False

    @api.depends("parent_id.activity_type")
    def _compute_allowed_trigger_types(self):
        """The triggers from which a user may choose: after a parent, those that its type can give."""
        for activity in self:
            activity.allowed_trigger_types = [
                trigger_type
                for trigger_type, trigger in self._get_triggers().items()
                if not (activity.parent_id and trigger.parent_types)
                or activity.parent_id.activity_type in trigger.parent_types
            ]

    @api.depends("name", "campaign_id.name", "trigger_label")
    @api.depends_context("marketing_with_campaign", "lang")
    def _compute_display_name(self):
        """In reports, where campaigns stand side by side, name the campaign too; of twins, when they run."""
        super()._compute_display_name()
        if not self.env.context.get("marketing_with_campaign"):
            return
        groups = self.with_context(active_test=False)._read_group(
            [("campaign_id", "in", self.campaign_id.ids)], ["campaign_id", "name"], ["__count"]
        )
        numbers = {(campaign, name): number for campaign, name, number in groups}
        for activity in self:
            campaign = activity.campaign_id
            words = [activity.display_name, campaign.display_name]
            if numbers.get((campaign, activity.name), 0) > 1:
                words[0] = _("%(activity)s (%(when)s)", activity=words[0], when=activity._get_badge()[0])
            activity.display_name = " · ".join(word or "-" for word in words)

    # ------------------------------------------------------------
    # When
    # ------------------------------------------------------------

    def _get_timing_label(self):
        """Return when the activity runs, in words: “2 days after “Welcome” was sent”."""
        self.ensure_one()
        at_once, later = self._get_timing_patterns()
        next_time = self._get_next_time_words()
        pattern = later if self.interval_number or next_time else at_once
        parent = _("“%s”", self.parent_id.name or _("the activity before it"))
        branch = self._get_branch_words() if self.trigger_type else ""
        words = pattern % {
            "interval": next_time or self._get_interval_label(),
            "parent": parent,
            "branch": branch,
            "link": self._get_link_words(),
        }
        return words if next_time else self._add_time(words)

    def _get_timing_patterns(self):
        """Return how to say when, without and with an interval."""
        trigger = self._get_triggers().get(self.trigger_type)
        if not trigger:
            return (self._get_label("trigger_type"),) * 2
        if not trigger.has_parent:
            return _("As soon as a record enters the campaign"), _("%(interval)s after a record entered the campaign")
        if trigger.branch == STEPS and self._get_next_time_words():
            return (_("%(interval)s on the branch “%(branch)s” of %(parent)s"),) * 2
        if trigger.branch == STEPS:
            return (
                _("At once on the branch “%(branch)s” of %(parent)s"),
                _("%(interval)s later on the branch “%(branch)s” of %(parent)s"),
            )
        if trigger.branch:
            patterns = self.parent_id and self.parent_id._ask_type("label_timing", trigger.branch)
            if patterns:
                return patterns
            return _("As soon as %(parent)s says “%(branch)s”"), _("%(interval)s after %(parent)s said “%(branch)s”")
        if not trigger.event:
            if self.parent_id and self.parent_id._get_type().sends:
                return _("As soon as %(parent)s was sent"), _("%(interval)s after %(parent)s was sent")
            return _("As soon as %(parent)s was done"), _("%(interval)s after %(parent)s was done")
        if trigger.event == "bounce" and self.bounce_type != "any":
            return self._get_bounce_patterns()[self.bounce_type]
        event = "confirm" if trigger.event == "click" and self.parent_id._asks_to_confirm() else trigger.event
        event = "link" if self._get_link_words() else event
        patterns = self._get_event_patterns().get((event, trigger.negative))
        if patterns:
            return patterns
        label = self._get_label("trigger_type").replace("%", "%%")
        return f"%(parent)s: {label}", f"%(interval)s, %(parent)s: {label}"

    @api.model
    def _get_event_patterns(self):
        """Return how to say when for each event and its absence, without and with an interval.

        :rtype: dict[tuple[str, bool], tuple[str, str]]
        """
        return {
            ("open", False): (
                _("As soon as %(parent)s is opened"),
                _("%(interval)s after %(parent)s was opened"),
            ),
            ("open", True): (
                _("As soon as %(parent)s was sent, if not opened by then"),
                _("%(interval)s after %(parent)s was sent, if not opened by then"),
            ),
            ("click", False): (
                _("As soon as a link in %(parent)s is clicked"),
                _("%(interval)s after a link in %(parent)s was clicked"),
            ),
            ("click", True): (
                _("As soon as %(parent)s was sent, if not clicked by then"),
                _("%(interval)s after %(parent)s was sent, if not clicked by then"),
            ),
            ("link", False): (
                _("As soon as the link “%(link)s” in %(parent)s is clicked"),
                _("%(interval)s after the link “%(link)s” in %(parent)s was clicked"),
            ),
            ("link", True): (
                _("As soon as %(parent)s was sent, if its link “%(link)s” was not clicked by then"),
                _("%(interval)s after %(parent)s was sent, if its link “%(link)s” was not clicked by then"),
            ),
            ("confirm", False): (
                _("As soon as the confirmation link in %(parent)s is clicked"),
                _("%(interval)s after the confirmation link in %(parent)s was clicked"),
            ),
            ("confirm", True): (
                _("As soon as %(parent)s was sent, if not confirmed by then"),
                _("%(interval)s after %(parent)s was sent, if not confirmed by then"),
            ),
            ("reply", False): (
                _("As soon as %(parent)s is replied to"),
                _("%(interval)s after %(parent)s was replied to"),
            ),
            ("reply", True): (
                _("As soon as %(parent)s was sent, if not replied to by then"),
                _("%(interval)s after %(parent)s was sent, if not replied to by then"),
            ),
            ("bounce", False): (
                _("As soon as %(parent)s bounces"),
                _("%(interval)s after %(parent)s bounced"),
            ),
            ("complaint", False): (
                _("As soon as %(parent)s is called spam"),
                _("%(interval)s after %(parent)s was called spam"),
            ),
            ("unsubscribe", False): (
                _("As soon as somebody unsubscribes by %(parent)s"),
                _("%(interval)s after somebody unsubscribed by %(parent)s"),
            ),
        }

    @api.model
    def _get_bounce_patterns(self):
        """Return how to say when for each type of bounce, without and with an interval."""
        return {
            "hard": (
                _("As soon as %(parent)s bounces for good"),
                _("%(interval)s after %(parent)s bounced for good"),
            ),
            "soft": (
                _("As soon as %(parent)s bounces for now"),
                _("%(interval)s after %(parent)s bounced for now"),
            ),
        }

    def _get_interval_label(self):
        return self._get_duration_label(self.interval_number, self.interval_type)

    @api.model
    def _get_duration_label(self, number, unit):
        units = {
            "hours": (_("1 hour"), _("%s hours", number)),
            "days": (_("1 day"), _("%s days", number)),
            "weeks": (_("1 week"), _("%s weeks", number)),
            "months": (_("1 month"), _("%s months", number)),
        }
        return units[unit or "hours"][number != 1]

    def _get_expiry_sentence(self):
        duration = self._get_duration_label(self.validity_duration_number, self.validity_duration_type)
        trigger = self._get_triggers().get(self.trigger_type)
        if trigger and trigger.event and not trigger.negative:
            return _("It is ignored when that happens later than %s after the message was sent.", duration)
        return _("It is cancelled if it cannot run within %s of that moment.", duration)

    # ------------------------------------------------------------
    # What
    # ------------------------------------------------------------

    def _get_action_label(self):
        """Return what the activity does, in words.

        By the methods ``_label_<type>`` or ``_phrase_<type>``, else as its type is described.
        """
        self.ensure_one()
        label = self._get_label("activity_type")
        words = self._ask_type("label") or self._get_phrase()
        if words:
            return words
        without, named = self._get_type().does or (label, f"{label} “%s”")
        return self.env._(named).replace("%s", self.name) if self.name else self.env._(without)

    # ------------------------------------------------------------
    # On a card
    # ------------------------------------------------------------

    def _get_badge(self):
        """Return the short form of when, that stands on the line from the parent: “Clicked · 1 day later”.

        :return: the words, and the tone: positive, negative, bounce or neutral
        :rtype: tuple[str, str]
        """
        self.ensure_one()
        interval, next_time = self._get_interval_label(), self._get_next_time_words()
        trigger = self._get_triggers().get(self.trigger_type)
        if not trigger or not (trigger.event or trigger.branch):
            if next_time:
                return next_time, "neutral"
            words = _("After %s", interval) if self.interval_number else _("At once")
            return self._add_time(words), "neutral"
        event = self._get_event_words(self.trigger_type, self.parent_id)
        if self._get_link_words():
            event = _("%(event)s: “%(link)s”", event=event, link=self._get_link_words())
        if trigger.branch == STEPS:
            event = self._get_branch_words()
        closed = self.parent_id._ask_type("find_closed_branches", default={}) if self.parent_id else {}
        if trigger.branch in closed:
            return closed[trigger.branch], "negative"
        if trigger.event == "bounce" and self.bounce_type != "any":
            event = {"hard": _("Bounced for good"), "soft": _("Bounced for now")}[self.bounce_type]
        if next_time:
            return _("%(event)s · %(time)s", event=event, time=next_time[:1].lower() + next_time[1:]), self._get_tone(
                trigger
            )
        if not self.interval_number:
            words = _("%s · at once", event)
        elif trigger.negative:
            words = _("%(event)s · after %(interval)s", event=event, interval=interval)
        else:
            words = _("%(event)s · %(interval)s later", event=event, interval=interval)
        return self._add_time(words), self._get_tone(trigger)

    @api.model
    def _get_tone(self, trigger):
        kind = self.env["marketing.trace.event"]._get_kinds().get(trigger.event)
        if kind and kind.outlasts_end:
            return "bounce"
        return "negative" if trigger.negative else "positive" if trigger.event else "neutral"

    @api.model
    def _get_event_label(self, trigger_type):
        """Return the label of a trigger without the message that it is about: “Not opened”."""
        label = dict(self._fields["trigger_type"]._description_selection(self.env)).get(trigger_type, trigger_type)
        words = label.rpartition(":")[2].strip()
        return words[:1].upper() + words[1:]

    def _get_branch_words(self):
        """Return what the trigger of this activity is called on the way from the one before it: its own branch."""
        trigger = self._get_triggers().get(self.trigger_type)
        if trigger and trigger.branch == STEPS:
            return self.branch_id.name or _("Branch")
        return self._get_event_label(self.trigger_type)

    @api.model
    def _get_event_words(self, trigger_type, message):
        """Return the label of a trigger as it is for a message: a click on which one confirms is “Confirmed”.

        :param str trigger_type:
        :param message: the activity whose message it is about
        """
        trigger = self._get_triggers()[trigger_type]
        if trigger.event == "click" and message._asks_to_confirm():
            return _("Not confirmed") if trigger.negative else _("Confirmed")
        return self._get_event_label(trigger_type)

    def _asks_to_confirm(self):
        """Tell whether no click on the activity's message counts but on the link that confirms."""
        return self.mass_mailing_id.marketing_confirm_click

    def _get_branch_labels(self):
        """Return what the branches are called that this activity may choose, by branch.

        By the method ``_branches_<type>``, else by the words of the triggers.
        """
        self.ensure_one()
        labels = self._ask_type("branches")
        if labels is not None:
            return labels
        branches = self._get_type().branches
        return {branch: self._get_event_label(trigger_type) for branch, trigger_type in branches.items()}

    def _get_child_triggers(self):
        """Return the triggers that this activity can give to one that follows it.

        Where a trigger leaves it to the step which branch it is about, there is one of each, with the values that
        say so, by the method ``_offer_children_<type>``.

        :return: type, label, tone and more values of the new activity, of each
        :rtype: list[tuple[str, str, str, dict]]
        """
        self.ensure_one()
        described = self._get_type()
        if not described.followed:
            return []
        chooses = any(trigger.branch for trigger in described.triggers.values())
        done = _("Sent") if described.sends else _("Either way") if chooses else _("Done")
        triggers = [
            (trigger_type, trigger)
            for trigger_type, trigger in self._get_triggers().items()
            if trigger.has_parent and (not trigger.parent_types or self.activity_type in trigger.parent_types)
        ]
        triggers.sort(key=lambda item: not item[1].branch)  # what a condition is for comes first
        closed = self._ask_type("find_closed_branches", default={})
        children = []
        for trigger_type, trigger in triggers:
            if trigger.branch == STEPS:
                offered = self._ask_type("offer_children", default=[])
            else:
                named = trigger.event or trigger.branch
                offered = [({}, self._get_event_words(trigger_type, self) if named else done)]
                if trigger.branch in closed:  # nobody comes by it: shown only where something follows it all the same
                    is_followed = trigger_type in self.child_ids.mapped("trigger_type")
                    offered = [({}, closed[trigger.branch])] if is_followed else []
            children += [(trigger_type, label, self._get_tone(trigger), values) for values, label in offered]
        return children

    @api.model
    def _get_type_events(self, activity_type):
        """Return the events that an activity of a type can meet: those that its triggers are about.

        :rtype: list[str]
        """
        triggers = self._get_triggers().values()
        return [
            event
            for event in EVENTS
            if any(trigger.event == event and activity_type in trigger.parent_types for trigger in triggers)
        ]
