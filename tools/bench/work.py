"""What a worker of workers.py does, in its own process."""

import time
from unittest.mock import patch

from odoo.tools import config

from odoo.addons.marketing_automation.models.mail_queue.smtp_line import SmtpLine

from ..ports import LOOPBACK
from . import logic
from .actions import start
from .campaigns import make_mailing, start_campaign
from .laps import administrator, superuser
from .messages import no_lookup

UPDATE = {"state": "object_write", "update_path": "function", "value": "Contacted"}


def prepare(registry, size):
    """Enrol everybody into a campaign of one update-record action."""
    return start(registry, size, UPDATE)


def prepare_condition(registry, size):
    """Enrol everybody into a campaign of a condition, and what follows it."""
    return logic.start(registry, size, "condition", condition_domain=logic.CONDITION)


def prepare_emails(registry, size):
    """Have the emails of a campaign wait for a lane."""
    with administrator(registry) as env:
        mailing = make_mailing(env, use_in_marketing_automation=True, mailing_type="mail")
        campaign = start_campaign(env, size, "email", mass_mailing_id=mailing.id)
        env.cr.commit()
        env["marketing.campaign"].sudo().browse(campaign.id).sync_participants()
    with no_lookup(), superuser(registry) as env:
        env["marketing.campaign"].browse(campaign.id).execute_activities()


def send(registry, port):
    """Send what no other lane has in hand until there is nothing.

    :param int port: of the mail server
    :return: as :func:`work`
    """
    done, before = 0, None
    original = SmtpLine.answer

    def counted(self):
        nonlocal done
        done += 1
        return original(self)

    processor = time.process_time()
    with (
        patch.object(SmtpLine, "answer", counted),
        patch.dict(config.options, smtp_server=LOOPBACK, smtp_port=port),
    ):
        while done != before:
            before = done
            with superuser(registry) as env:
                env["mail.mail"]._cron_send_emails()
    return {"done": done, "processor": time.process_time() - processor, "ended": time.monotonic()}


def work(registry):
    """Execute what is due until nothing is.

    :return: how many steps this worker ran, the seconds that it had a processor, and when it ended, on the clock
        that all processes share
    """
    done = 0
    model = registry["marketing.activity"]
    original = model._execute

    def counted(self, traces, now):
        nonlocal done
        outcomes = original(self, traces, now)
        done += len(traces)
        return outcomes

    model._execute = counted
    processor = time.process_time()
    with superuser(registry) as env:
        env["marketing.campaign"]._cron_execute_activities()
    return {"done": done, "processor": time.process_time() - processor, "ended": time.monotonic()}
