from . import email, server_action
