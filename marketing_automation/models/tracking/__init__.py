from . import (
    mailing_trace,
    link_tracker,
    link_tracker_click,
    link_tracker_code,
    machines,
    mail_render_mixin,
    mailing_mailing,
    utm_campaign,
    utm_mixin,
    utm_source,
)
