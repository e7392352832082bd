from odoo import models

NO_MESSAGES = ("notification", "auto_comment", "user_notification")


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def message_post(self, **options):
        message = super().message_post(**options)
        watches = [watch for watch in self._get_event_watches() if watch.happening.received]
        if watches:
            self.env["marketing.entry"]._tell_received(watches, self, message)
        return message
