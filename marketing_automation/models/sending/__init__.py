from . import (
    caps,
    clocks,
    hours,
    ir_config_parameter,
    marketing_activity,
    marketing_campaign,
    marketing_trace,
    places,
    pressure,
    res_config_settings,
)
