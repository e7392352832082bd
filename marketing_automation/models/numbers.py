"""How a number is shown in a sentence: as the lists and forms of Odoo's web client show it."""

from odoo.tools.misc import formatLang


def format_number(env, number, digits=0):
    """Return a number as its reader writes it: “1,234.5” in English, “1 234,5” in French.

    :param env: of the reader
    :param number: int or float
    :param int digits: after the point
    :rtype: str
    """
    return formatLang(env, number, digits=digits)
