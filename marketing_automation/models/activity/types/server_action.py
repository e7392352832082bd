import logging
import re
import time

from odoo import _, api, models
from odoo.exceptions import ValidationError
from odoo.tools import LazyTranslate, config, format_date, reset_cached_properties

from ....engine.activity_types import ActivityType
from ....engine.context import ACTION_KEY, ActionRun, lone_run, test_run
from ....engine.doors import Doors, RunAlone
from ....engine.time_limit import TimeLimit, TookTooLong

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

# What tracks changes keeps the environment of each participant until it is flushed, and Odoo
# looks through all that are kept whenever it needs another one.
FLUSH_EVERY = 50  # participants
SLICE = 10  # seconds after which a batch ends early: what it has not begun is executed by the next one
TIME_LIMIT_KEY = "marketing_automation.action_time_limit"
TIME_LIMIT = 60  # seconds that an action may take for one participant
# Code that names one of these may end its transaction past the cursor's methods, where nothing sees it.
ENDS_TRANSACTION = re.compile(r"commit|rollback", re.IGNORECASE)

# keys of the templates' actions that blocklist: of 19.0.1.0.1, and of today
BLOCKLISTING = ("blocklist", "blocklist_bounced")

ACTION = ActivityType(
    "action",
    hint=_lt("Run what an administrator has prepared"),
    icon="fa-cogs",
    rank=1,  # what needs no administrator comes first
    does=(_lt("run a server action"), _lt("run “%s”")),
    template="server_action_id",
    template_label=_lt("a server action"),
)

_leaving = {}  # {(database, action id): write date} of the actions that were seen leaving their transaction


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    @api.model
    def _describe_type_action(self):
        return ACTION

    def _find_errors_action(self):
        if self.server_action_id.sudo()._needs_person():
            return [_("“%s” opens a window for a person: a campaign has nobody to use it.", self.name)]
        return []

    def _find_user_errors_action(self, user):
        action = self.server_action_id
        problems = action._get_marketing_problems(self.model_name, user) if action else []
        return [self._describe_action_problem(action, problem) for problem in problems]

    def _find_warnings_action(self):
        """Tell of a campaign that takes nobody in, and of the templates' own blocklisting as once made."""
        warnings = [
            _(
                "“%(activity)s” adds to the campaign “%(campaign)s”, which does not run: start it, or nobody comes in.",
                activity=self.name,
                campaign=campaign.display_name,  # not its name: it may be of another company
            )
            for campaign in self.server_action_id._find_idle_campaigns() - self.campaign_id
        ]
        key = self.server_action_id.sudo().marketing_shipped_key
        if key in BLOCKLISTING and self._waits_for_bounce() and self.bounce_type != "hard":
            warnings.append(
                _(
                    "“%(activity)s” blocklists after any bounce, also where the mailbox was only full. Choose the "
                    "bounces “Hard” to keep who can be mailed again.",
                    activity=self.name,
                )
            )
        if key == BLOCKLISTING[0]:
            warnings.append(
                _(
                    "“%(activity)s” blocklists the address that the contact has by then, which may not be the one that "
                    "bounced. Choose the server action “%(action)s”.",
                    activity=self.name,
                    action=_("Blocklist the address that bounced"),
                )
            )
        return warnings

    def _find_rests_action(self):
        chosen = self.filtered("server_action_id")
        rests = chosen.server_action_id._get_marketing_rests() if chosen else {}
        return {activity: rests[activity.server_action_id.id] for activity in chosen}

    def _find_changes_action(self, _approved, _current):
        return {self._describe_action_change(self.server_action_id): True}

    def _find_losses_action(self):
        losses = self.server_action_id._find_marketing_losses()
        lost = self.filtered(lambda activity: activity.server_action_id.id in losses)
        return {
            activity: [activity._describe_action_problem(action, losses[action.id])]
            for activity, action in [(activity, activity.server_action_id) for activity in lost]
        }

    def _find_hold_action(self, step, approved):
        action = self.env["ir.actions.server"].browse(step.template_id)
        if approved and action._get_marketing_rests()[action.id] != approved:
            return self._describe_action_change(action)
        loss = action._find_marketing_losses().get(action.id)  # each participant would fail with it, or go on without
        return self._describe_action_problem(action, loss) if loss else None

    def _describe_action_change(self, action):
        action = action.sudo()
        return _(
            "The server action “%(action)s” was changed by %(user)s on %(date)s.",
            action=action.name,
            user=action.write_uid.name or "-",
            date=format_date(self.env, action.write_date),
        )

    def _describe_action_problem(self, action, problem):
        return _(
            "“%(activity)s”, server action “%(action)s”: %(problem)s",
            activity=self.name,
            action=action.sudo().name,
            problem=problem,
        )

    @api.constrains("server_action_id", "activity_type", "campaign_id")
    def _check_action_needs_nobody(self):
        for activity in self:
            if activity.server_action_id.sudo()._needs_person():
                raise ValidationError(
                    _(
                        "The server action “%(action)s” opens a window for a person: the activity “%(activity)s” "
                        "cannot run it, since nobody is there to use it.",
                        action=activity.server_action_id.sudo().name,
                        activity=activity.name,
                    )
                )

    @api.private
    def _execute_action(self, traces, now):
        """Run the server action once per participant, with ``record`` set to its record.

        It runs with the rights of the campaign, in a context of its own: whatever the engine
        or a user had in theirs, a ``default_*`` key above all, would change what it does.
        An action that came with a campaign template, unchanged, runs as the addon's own code.

        :raise RunAlone: where it leaves the transaction, which the traces of a batch share
        """
        env = self.campaign_id._get_run_env()
        action = env["ir.actions.server"].browse(self._get_running_step().template_id)
        shipped = action._is_marketing_shipped()
        together = () if action.sudo()._contains_code() else tuple(traces.mapped("res_id"))
        run = ActionRun(shipped, bool(test_run(traces.env)), self.campaign_id._get_target(), together)
        action = action.sudo(shipped).with_context(**{ACTION_KEY: run})
        lone = lone_run(traces.env)
        if not lone:
            self._check_may_run_together(action)
        # Each run checks the rules on its one record; this reads what they look at for all at once.
        env[self.campaign_id._get_target()].browse(traces.mapped("res_id"))._filtered_access("write")
        return self._run_action_for_each(action, traces, lone)

    def _run_action_for_each(self, action, traces, lone):
        """Run an action for each trace, or for all where it can do that, until a slice of time is over.

        :param lone: the LoneRun, for one trace; None for a batch
        :return: outcomes as ``marketing.trace._finish`` takes them
        """
        target, seconds = self.campaign_id._get_target(), self._get_action_time_limit()
        end = time.monotonic() + SLICE
        doors = Doors(action.env.cr, opened=bool(lone and lone.opened), patience=seconds)
        limit = TimeLimit(seconds, action.env.cr._cnx, self.campaign_id._get_stuck_handler(seconds))
        done, trace_id = 0, traces[:1].id
        if action.sudo()._runs_for_many():
            runs = [(trace_id, traces.mapped("res_id"))]
        else:
            runs = [(trace.id, [trace.res_id]) for trace in traces]
        known = set(action.env.transaction.envs)
        try:
            with limit.watching(), doors.watched():
                for trace_id, res_ids in runs:
                    lonely = action.with_context(active_model=target, active_id=res_ids[0], active_ids=res_ids)
                    limit.run(trace_id, lonely.run)
                    doors.check()
                    done += len(res_ids)
                    self._forget_environments(known)
                    if done % FLUSH_EVERY == 0:
                        limit.run(trace_id, action.env.cr.flush)
                    if time.monotonic() > end:
                        break
                # what is computed and tracked at the end belongs to the actions too
                limit.run(trace_id, action.env.cr.flush)
        except RunAlone as refusal:
            _logger.info("The server action %s runs for one participant at a time: %s", action.id, refusal)
            _leaving[self.env.cr.dbname, action.id] = action.sudo().write_date
            raise
        except TookTooLong as error:
            error.trace_id, error.seconds = trace_id, seconds
            raise
        finally:
            if lone:
                lone.passed |= doors.passed
        return dict.fromkeys(traces.ids[done:], None)

    def _forget_environments(self, known):
        """Let go of the environments that an action has made for one participant.

        One that was asked for its user or company (Odoo does so for *Allowed Groups*) refers to itself by what it
        remembers of them: it would stay until Python looks for such circles.

        :param set known: the environments that were there before
        """
        for env in self.env.transaction.envs - known:
            reset_cached_properties(env)

    def _check_may_run_together(self, action):
        """:raise RunAlone: for an action of which is known that it leaves its transaction, or after a crash"""
        known = _leaving.get((self.env.cr.dbname, action.id))
        if known and known == action.sudo().write_date:
            raise RunAlone("it has left its transaction before")
        if any(ENDS_TRANSACTION.search(code) for code in action.sudo()._get_code()):
            raise RunAlone("its code may end the transaction")
        if self.env["ir.cron"]._was_killed():
            raise RunAlone("the last run was killed", opened=False)

    @api.model
    def _get_action_time_limit(self):
        """Return how many seconds a server action may take for one participant.

        At most half of what the server gives a scheduled action, which it kills.
        """
        try:
            seconds = int(self.env["ir.config_parameter"].sudo().get_param(TIME_LIMIT_KEY) or TIME_LIMIT)
        except ValueError:
            seconds = TIME_LIMIT
        served = config["limit_time_real_cron"]
        served = config["limit_time_real"] if served is None or served < 0 else served
        return min(max(seconds, 1), *([served / 2] if served else []))
