from . import (
    marketing_engine_fields,
    marketing_guard,
    marketing_checked_mixin,
    marketing_private_name_mixin,
)
