from . import (
    marketing_campaign,
)
