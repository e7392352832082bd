from . import (
    marketing_trace_figure,
    marketing_participant,
)
