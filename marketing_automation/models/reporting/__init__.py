from . import (
    marketing_trace_report,
    mailing_trace_report,
)
