from . import (
    marketing_trace_report,
    marketing_step_report,
    marketing_cohort_report,
    marketing_delivery_report,
    mailing_trace_report,
    results,
    last_week,
    digest_digest,
    funnel,
    click_map,
    heat,
)
