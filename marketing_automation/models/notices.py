"""What a user is told by a notification, once something is done."""

CLOSE = {"type": "ir.actions.act_window_close"}


def notify(kind, message, following=None, **params):
    """Return the action that shows a notification.

    :param str kind: ``success``, ``info`` or ``warning``
    :param str message: in the user's language
    :param dict following: the action that follows: by default what is open is closed
    :param params: others of Odoo's, such as ``title``
    """
    params = {"type": kind, "message": message, "next": following or CLOSE, **params}
    return {"type": "ir.actions.client", "tag": "display_notification", "params": params}
