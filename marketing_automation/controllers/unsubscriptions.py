"""Who unsubscribes by a message of a campaign: of the lists that it is for, else of everything."""

from werkzeug.exceptions import Unauthorized

from odoo import _, http
from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController

from ..engine.filter_text import is_storable
from .clicks import MAX_ID


class Unsubscriptions(MassMailController):
    """Odoo's own pages, with what campaigns add; one-click unsubscription (RFC 8058) comes by the same way."""

    @http.route()
    def mailing_view_in_browser(self, mailing_id, email=None, document_id=None, hash_token=None, **kwargs):
        told, token = kwargs.pop("to", None), kwargs.pop("s", None)
        if told and not hash_token:
            email, hash_token = self._read_recipient(mailing_id, document_id, told, token)
        response = super().mailing_view_in_browser(
            mailing_id, email=email, document_id=document_id, hash_token=hash_token, **kwargs
        )
        mailing = request.env["mailing.mailing"].sudo().browse(mailing_id)
        if mailing.marketing_confirm_click and "body" in (response.qcontext or {}):
            response.qcontext["body"] = mailing._hide_confirm_address(response.qcontext["body"])
        return response

    @http.route()
    def mailing_confirm_unsubscribe(
        self, mailing_id, document_id=None, email=None, hash_token=None, to=None, s=None, **_params
    ):
        if to and not hash_token:
            email, hash_token = self._read_recipient(mailing_id, document_id, to, s)
        return super().mailing_confirm_unsubscribe(
            mailing_id, document_id=document_id, email=email, hash_token=hash_token
        )

    @http.route()
    def mailing_confirm_unsubscribe_post(
        self, mailing_id=None, document_id=None, email=None, hash_token=None, **_params
    ):
        if not _is_number(mailing_id):
            raise Unauthorized()
        return super().mailing_confirm_unsubscribe_post(
            mailing_id or 0, document_id=document_id, email=email, hash_token=hash_token
        )

    def _check_mailing_email_token(self, mailing_id, document_id, email, hash_token, required_mailing_id=False):
        """Refuse what stands in no link of a message, which Odoo would reckon with until it fails in a traceback.

        :raise Unauthorized:
        """
        is_mailing = not mailing_id or type(mailing_id) is int
        if not (is_mailing and _is_number(document_id) and _is_text(email) and _is_text(hash_token)):
            raise Unauthorized()
        if hash_token and not hash_token.isascii():
            raise Unauthorized()
        return super()._check_mailing_email_token(
            mailing_id, document_id, email, hash_token, required_mailing_id=required_mailing_id
        )

    def _read_recipient(self, mailing_id, document_id, told, token):
        """Return what Odoo's own address of the page tells: the recipient's, and its signature."""
        recipient = request.env["mailing.mailing"]._read_marketing_page_query(mailing_id, document_id, told, token)
        if not recipient:
            raise Unauthorized()
        return recipient

    def _mailing_unsubscribe_from_list(self, mailing, document_id, email, hash_token):
        request.env["mailing.trace"]._record_unsubscription(mailing, document_id, email)
        return super()._mailing_unsubscribe_from_list(mailing, document_id, email, hash_token)

    def _mailing_unsubscribe_from_document(self, mailing, document_id, email, hash_token):
        request.env["mailing.trace"]._record_unsubscription(mailing, document_id, email)
        lists = self._get_marketing_lists(mailing, email)
        if not lists:
            return super()._mailing_unsubscribe_from_document(mailing, document_id, email, hash_token)
        lists._update_subscription_from_email(email, opt_out=True)
        names = ", ".join(lists.filtered("is_public").mapped("name"))
        told = _("You are no longer part of %(lists)s.", lists=names) if names else _("You have been unsubscribed.")
        values = self._prepare_mailing_subscription_values(mailing, document_id, email, hash_token)
        # the page offers the blocklist too, which is everything
        values.update(last_action="subscription_updated", unsubscribed_name=told)
        return request.render("mass_mailing.page_mailing_unsubscribe", values)

    def _get_marketing_lists(self, mailing, email):
        """Return the lists that the campaign of a message is for, and that the address is in."""
        campaign = mailing.marketing_campaign_id
        if not campaign or campaign.model_name != "mailing.contact":
            return request.env["mailing.list"].sudo()
        named = request.env["mailing.list"].sudo().browse(campaign._get_readable_lists())
        return named & self._fetch_contacts(email).subscription_ids.list_id

    @http.route()
    def mail_blocklist_add(self, mailing_id=None, document_id=None, email=None, hash_token=None):
        res = super().mail_blocklist_add(
            mailing_id=mailing_id, document_id=document_id, email=email, hash_token=hash_token
        )
        if res is True and mailing_id:
            mailing = request.env["mailing.mailing"].sudo().browse(int(mailing_id))
            email = self._fetch_user_information(email, hash_token)[0]
            request.env["mailing.trace"]._record_unsubscription(mailing, document_id, email)
        return res


def _is_number(value):
    """Tell whether what somebody sent is nothing, or the number of a record."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(MAX_ID)):
        value = int(value)
    return not value or (type(value) is int and 0 < value <= MAX_ID)


def _is_text(value):
    return not value or (isinstance(value, str) and is_storable(value))
