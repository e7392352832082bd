"""The webhook of campaigns: another system names people, and is told what became of each, and nothing else of them."""

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api, fields, http
from odoo.http import request
from odoo.tools import SQL

from ..engine.errors import CampaignStop
from ..engine.incoming_people import MOST, WebhookError, read_people

LONGEST_BODY = 1_000_000  # bytes
CALLS_A_MINUTE = 60
ATTEMPTS = 50  # at counting a call, which as many others may count at the same moment
PATIENCE = "20s"  # for which a call waits for others with the same address
LOCK = 1_834_022_418  # held by who works for an entry, with its id


class EnrollByWebhook(http.Controller):
    @http.route(
        "/marketing_automation/enroll/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=2 * LONGEST_BODY,
    )
    def enroll(self, token, **_options):
        """Add people to the campaign of an entry.

        The body is JSON: ``{"email": …}`` or ``{"id": …}``, or a list of these.
        """
        try:
            return request.make_json_response(self._enroll(token))
        except WebhookError as error:
            headers = {"Retry-After": "60"} if error.status in (429, 503) else {}
            return request.make_json_response({"error": str(error)}, status=error.status, headers=headers)

    def _enroll(self, token):
        entry = api.Environment(request.env.cr, SUPERUSER_ID, {})["marketing.entry"]._find_by_token(token)
        if not entry:
            raise WebhookError(404, "Nothing is known by this address.")
        self._count_call(entry.id)
        if (request.httprequest.content_length or 0) > LONGEST_BODY:
            raise WebhookError(413, f"The body has more than {LONGEST_BODY} bytes.")
        people = read_people(request.httprequest.get_data())
        entry_id = entry.id
        with request.env.registry.cursor() as guard:
            self._wait_for_turn(guard, entry_id)
            # whose turn has come sees what was done before it: a transaction that began earlier would not
            with request.env.registry.cursor() as cr:
                entry = api.Environment(cr, SUPERUSER_ID, {})["marketing.entry"].browse(entry_id)
                try:
                    return {"results": entry._take_people(people, fields.Datetime.now())}
                except CampaignStop as stop:
                    raise WebhookError(409, "The campaign cannot take in anybody at the moment.") from stop

    def _wait_for_turn(self, cr, entry_id):
        try:
            cr.execute(SQL("SET LOCAL lock_timeout = %s", PATIENCE), log_exceptions=False)
            cr.execute(SQL("SELECT pg_advisory_xact_lock(%s, %s)", LOCK, entry_id), log_exceptions=False)
        except OperationalError as error:
            raise WebhookError(503, "Others call this address without pause: try again in a minute.") from error

    def _count_call(self, entry_id):
        """:raise WebhookError: where there were too many in this minute"""
        for _attempt in range(ATTEMPTS):
            try:
                with request.env.registry.cursor() as cr:
                    calls = api.Environment(cr, SUPERUSER_ID, {})["marketing.entry"]._count_call(entry_id)
            except OperationalError:  # somebody else counted at the same moment
                continue
            if calls <= CALLS_A_MINUTE:
                return
            break
        raise WebhookError(429, f"At most {CALLS_A_MINUTE} calls a minute: name up to {MOST} people by one.")
