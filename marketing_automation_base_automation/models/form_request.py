"""Whether a record is just being made by a form of the website."""

from odoo.http import request

ROUTE = "/website/form"


def is_submitted(records, page=""):
    """Tell whether the browser of a visitor has sent the form that makes these records.

    :param records: that have just been made
    :param str page: what the address of the form's page contains; empty for any page
    """
    if not request or not request.httprequest.path.endswith(f"{ROUTE}/{records._name}"):
        return False
    return page.lower() in (request.httprequest.referrer or "").lower()
