from . import (
    mailing_mailing,
    body,
    checklist,
    mailing_contact,
    pages,
    preview,
)
