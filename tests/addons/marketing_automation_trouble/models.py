import logging
import os
import signal
import time
import urllib.request

from psycopg2 import errors

from odoo import models

_logger = logging.getLogger(__name__)


class OwnError(BaseException):
    """One that no `except Exception` catches."""


class MarketingTrouble(models.AbstractModel):
    """What a method of some addon does that a server action calls; see tests/test_action_effects.py."""

    _name = "marketing.trouble"
    _description = "Trouble"

    def call_out(self, url):
        with urllib.request.urlopen(url, data=b"") as response:
            return response.status

    def call_out_and_hide_what_it_meets(self, url):
        try:
            self.call_out(url)
        except:  # noqa: E722
            _logger.info("Never mind")

    def run_a_program(self, *command):
        os.posix_spawn(command[0], command, os.environ)

    def raise_it(self, name):
        kinds = {
            "SystemExit": SystemExit,
            "KeyboardInterrupt": KeyboardInterrupt,
            "GeneratorExit": GeneratorExit,
            "RecursionError": RecursionError,
            "MemoryError": MemoryError,
            "OwnError": OwnError,
            "40001": errors.SerializationFailure,
            "40P01": errors.DeadlockDetected,
        }
        raise kinds[name](name)

    def hang(self):
        """Go on for ever, whatever is raised here, except the third time."""
        told = 0
        while True:
            try:
                time.sleep(0.01)
            except:  # noqa: E722
                told += 1
                if told == 3:
                    raise

    def hang_in_c(self):
        time.sleep(3600)

    def die(self):
        signal.raise_signal(signal.SIGKILL)
