"""The steps of a story's campaign: how each is made, and what may be changed of it."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from reference_facts import LINKS, PLAIN
from reference_messages import pick

from odoo import Command

CODE = """
if '|{key}|' in (record.{broken} or ''):
    raise UserError('broken')
record.sudo().write({{'{ran}': (record.{ran} or '') + '{key};'}})
# {setting}
"""
DATE = "x_renewal"  # of records, for which a step may wait


class Steps:
    """The part of a world that is about what its steps are."""

    def _step_values(self, step):
        trigger, _mark, branch = (
            step.trigger.partition("_") if step.trigger.startswith("branch_") else (step.trigger, "", "")
        )
        return {
            "parent_id": self.activities[step.parent].id if step.parent else False,
            "trigger_type": trigger,
            "branch_id": self.activities[step.parent].branch_ids[int(branch)].id if branch else False,
            "bounce_type": step.bounces,
            "link_filter": step.link,
            "interval_number": step.number,
            "interval_type": step.unit,
            "validity_duration": bool(step.expiry),
            "validity_duration_number": step.expiry[0] if step.expiry else 1,
            "validity_duration_type": step.expiry[1] if step.expiry else "days",
            "activity_domain": repr(self._filter(step.colors)),
        }

    def _make(self, step):
        """Return what makes an activity of the step's kind."""
        if step.kind == "email":
            return self.case._create_email
        if step.kind == "action":
            return partial(self.case._create_action, code=self._code(step.key))

        own = self._settings(step)
        if step.kind == "split":
            branches = [{"name": str(number), "weight": weight} for number, weight in enumerate(step.weights)]
            own |= {"branch_ids": [Command.create(values) for values in branches]}

        def make(campaign, name, trigger, parent, **values):
            return self.case._create_activity(campaign, name, step.kind, trigger, parent, **own, **values)

        return make

    def _settings(self, step):
        """Return what a step of logic, or a plain one, is told."""
        if step.kind == "choice":
            return {"choice_domain": repr(self._filter(step.yes))}
        if step.kind == "back":
            return {"back_activity_id": self.activities[step.to].id, "back_limit": step.limit}
        if step.kind == "jump":
            return {"jump_activity_id": self.activities[step.to].id, "jump_limit": step.limit}
        if step.kind == "update":
            return {
                "update_field": self.target.color,
                "update_operation": "set",
                "update_value": self.target.to_color(step.sets),
            }
        if step.kind in PLAIN:
            return self._settings_of_plain(step)
        if step.kind == "condition":
            lines = [self._line(line) for line in step.lines]
            return {
                "condition_domain": repr(self._filter(step.yes)),
                "condition_behavior": {"any": step.is_any, "lines": lines} if lines else False,
            }
        return self._settings_of_wait(step.wait) if step.kind == "wait" else {}

    def _settings_of_plain(self, step):
        people = {"person_ids": [Command.set(self.case.marketer.ids)]}
        return {
            "assign": people,
            "list": {"mailing_list_id": self.mailing_list.id, "list_operation": "off" if step.sets else "on"},
            "notify": {**people, "notify_text": step.key},
            "task": {
                **people,
                "task_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                "task_summary": step.key,
            },
        }[step.kind]

    def _line(self, line):
        return {
            "did": line.did,
            "event": line.event,
            "link": line.link,
            "activity": self.activities[line.step].id if line.step else None,
            "times": line.times,
            "span": line.span,
            "days": line.days,
            "anywhere": line.anywhere,
        }

    def _settings_of_wait(self, wait):
        number, unit = wait.limit or (0, "hours")
        values = {"wait_type": wait.kind, "wait_limit_number": number, "wait_limit_unit": unit, "wait_time": wait.time}
        if wait.kind == "domain":
            values["wait_domain"] = repr(self._filter(wait.colors))
        elif wait.kind == "date":
            offset, unit = wait.offset
            direction = "before" if offset < 0 else "after"
            values |= {"wait_date_field": DATE, "wait_offset_direction": direction}
            values |= {"wait_offset_number": abs(offset), "wait_offset_unit": unit}
        elif wait.kind == "weekday":
            values["wait_weekday"] = str(wait.weekday)
        else:
            values["wait_event"] = wait.event
        return values

    def _code(self, key):
        setting = self.model.settings.get(key)
        return CODE.format(key=key, broken=self.target.broken, ran=self.target.ran, setting=setting)

    def touch(self, which, setting):
        """Somebody changes a server action, or who a template reaches and by what, behind the campaign."""
        key = pick(self._steps(), which)
        if not key or self._steps()[key].kind not in ("email", "action"):  # which rest on nothing
            return
        self.model.settings[key] = setting
        activity = self.activities[key]
        if activity.activity_type == "email":
            activity.mass_mailing_id.mail_server_id = self.case.mail_servers[setting] if setting else False
        else:
            activity.server_action_id.code = self._code(key)

    def rethink_step(self, which, values):
        """Somebody changes what a condition asks, for what a wait waits, or what an update sets."""
        kinds = {"condition": ("yes", "lines", "is_any"), "wait": ("wait",), "update": ("sets",)}
        step = self._steps().get(pick([step.key for step in self.plan.steps if step.kind in kinds], which))
        if step:
            step = replace(step, **{name: values[name] for name in kinds[step.kind]})
            self._write_step(step)
            self.activities[step.key].write(self._settings(step))

    # what else steps of logic look at

    def renew(self, which, days):
        """Somebody enters a date of a record, so many days from now, or empties it."""
        rid = pick(self.model.records, which)
        if rid:
            date = None if days is None else (self.now + timedelta(days=days)).date()
            self.model.records[rid].renewal = date
            self.contact(rid)[DATE] = date

    def _run_elsewhere(self):
        """Have another campaign reach the records that are there."""
        campaign = self.case._create_campaign(
            name="Elsewhere", model_id=self.campaign.model_id.id, domain=self.campaign.domain
        )
        step = self.case._create_action(campaign, "Elsewhere", code="pass")
        campaign.action_start_campaign()
        self._in_transactions(self._execute, campaign.id)
        rids = {contact_id: rid for rid, contact_id in self.contacts.items()}
        self.traces_elsewhere = {rids[trace.res_id]: trace for trace in step.sudo().trace_ids}
        self.model.elsewhere = {rid: [] for rid in self.traces_elsewhere}

    def _execute(self, env, campaign_id):
        env["marketing.campaign"].browse(campaign_id).execute_activities(self.now)

    def happen_elsewhere(self, which, event):
        """An event of the message that somebody got from another campaign."""
        rid = pick(self.model.elsewhere, which)
        if rid:
            self._record(event, self.traces_elsewhere[rid])
            self.model.elsewhere[rid].append((self.now, event))

    def _make_links(self):
        links = [{"url": url, "label": label, "title": label} for url, label in LINKS.values()]
        return dict(zip(LINKS, self.env["link.tracker"].create(links), strict=True))
