from . import (
    marketing_target_mixin,
    ir_model,
    mailing_contact,
    res_partner,
)
