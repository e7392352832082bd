"""What the engine hands on through the context, in types that no caller over RPC can make.

A context key alone proves nothing: whoever calls a method over RPC chooses the context.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

ACTION_KEY = "marketing_automation_action"
BATCH_KEY = "marketing_automation_batch"
TEST_KEY = "marketing_automation_test"


@dataclass(frozen=True)
class MessageBatch:
    """Traces whose messages are being composed.

    :param traces: the marketing.trace, with the rights and the context of the engine
    :param datetime now: the moment at which the engine works, UTC
    :param dict links: ids of the link.tracker that were looked up for this batch
    """

    traces: Any
    now: datetime
    links: dict = field(default_factory=dict, compare=False)

    @cached_property
    def trace_by_res_id(self):
        return {trace.res_id: trace.id for trace in self.traces}


@dataclass(frozen=True)
class ActionRun:
    """A server action that runs for a participant."""


@dataclass(frozen=True)
class TestRun:
    """A test that a user runs.

    :param int uid: the user with whose rights the steps run
    """

    uid: int


def is_action_run(env):
    """Tell whether a server action runs for a participant in this environment."""
    return isinstance(env.context.get(ACTION_KEY), ActionRun)


def message_batch(env):
    """Return the MessageBatch for which this environment composes, or None."""
    batch = env.context.get(BATCH_KEY)
    return batch if isinstance(batch, MessageBatch) else None


def test_run(env):
    """Return the TestRun that this environment is of, or None."""
    run = env.context.get(TEST_KEY)
    return run if isinstance(run, TestRun) else None
