"""The engine at work. A trace lives from top to bottom::

    enrolment ──┐                                  ┌── filter, expiry, record gone: rejected, canceled
    settle ─────┴─> scheduled ──> claim ──> gates ─┤
        ▲                                          └── activity/types ──> finish: processed, canceled, error
        │                                                                       │
        └────── settle: decide about the steps below <── events <───────────────┴── sent, open, click …

``loop`` is around it: what is due, batches, transactions. Each of the files in between works on a bounded batch, in
one transaction, under the locks of the batch's participants, with a number of queries that does not depend on the
batch's size. None of them commits.
"""

from . import (
    marketing_participant,
    marketing_trace,
    marketing_trace_event,
    base,
    errors,
    loop,
    guilty,
    claim,
    gates,
    duplicates,
    finish,
    events,
    settle,
    visits,
    waits,
    looks,
    alone,
    alone_marks,
    failures,
    ir_cron,
    lanes,
    rate,
    warm_up,
    retry,
)
