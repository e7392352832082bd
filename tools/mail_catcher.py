"""The mail catcher: the mail-devel package receives every mail of the demo and shows it on a page."""

SMTP_PORT = 8125
WEB_PORT = 8025
