"""What an exception means, in a sentence that a marketer can use; the technical words after it, for administrators."""

import threading

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import QueryCanceledError, TransactionRollbackError

from odoo.exceptions import LockError, UserError

from ...engine.time_limit import TookTooLong

ATTEMPTS = 5  # at a transaction that others' writes made fail
DETAIL_LENGTH = 500  # characters of an error that are kept
# Others wrote the same rows, or held them: it is tried again.
CONTENTION = (TransactionRollbackError, errors.LockNotAvailable, QueryCanceledError, LockError)
# What no participant is to blame for: it is tried again later, rather than marked as an error.
OUT_OF_RESOURCES = (errors.DiskFull, errors.OutOfMemory, errors.TooManyConnections, errors.IoError, MemoryError)


def is_shutdown(error):
    """Tell whether an exception asks this process to end, rather than being what some code raised.

    Python delivers signals to the main thread alone, which in a server runs no scheduled action: there Odoo ends its
    workers and threads without an exception in them.
    """
    asks = isinstance(error, SystemExit | KeyboardInterrupt | GeneratorExit)
    return asks and threading.current_thread() is threading.main_thread()


def root_of(error):
    """Return what began an exception: Odoo wraps what code raises, and names it in the wrapper's text alone."""
    seen = set()
    while id(error) not in seen:
        seen.add(id(error))
        hidden = error.__context__ if type(error) is ValueError and "while evaluating" in str(error) else None
        error = error.__cause__ or hidden or error
    return error


def describe(env, error):
    """Return in words what an exception says, without a traceback that it quotes."""
    root = root_of(error)
    technical = _clean(root) or type(root).__name__
    if isinstance(root, UserError):
        return technical[:DETAIL_LENGTH]  # a sentence already, as are its subclasses'
    outer = _clean(error)
    if isinstance(error, UserError) and outer:
        return f"{technical} ({outer})"[:DETAIL_LENGTH] if technical not in outer else outer[:DETAIL_LENGTH]
    sentence = _sentence(env, root)
    if isinstance(root, TookTooLong):
        return sentence
    if not isinstance(root, psycopg2.Error):
        technical = f"{type(root).__name__}: {technical}" if technical != type(root).__name__ else technical
    return f"{sentence} ({technical})"[:DETAIL_LENGTH]


def _clean(error):
    return str(error).partition("Traceback (most recent call last)")[0].strip()


def _sentence(env, error):
    """Return what an exception means, by its type."""
    # what a kind of exception tells, the special before the general
    if isinstance(error, psycopg2.IntegrityError):
        return _sentence_of_integrity(env, error)
    if isinstance(error, TookTooLong):
        return env._("It took longer than %s seconds.", round(error.seconds))
    if isinstance(error, AttributeError) and "NoneType" in str(error):
        return env._("It works with something that does not exist: a record that it uses may have been deleted.")
    if isinstance(error, CONTENTION):
        return env._("Something else was changing the same data each time.")
    if isinstance(error, (*OUT_OF_RESOURCES, RecursionError)):
        return env._("It needed more than the server has: memory, space or connections.")
    if isinstance(error, psycopg2.Error):
        return env._("The database refused what it did.")
    if isinstance(error, SystemExit | KeyboardInterrupt | GeneratorExit):
        return env._("Its code asked the server to end, which it may not.")
    if isinstance(error, AttributeError | KeyError | NameError):
        return env._("It uses a field, a value or a name that is not there.")
    if isinstance(error, ZeroDivisionError | TypeError | ValueError | IndexError):
        return env._("Its code met a value that it cannot work with.")
    if isinstance(error, ConnectionError | TimeoutError):
        return env._("It could not reach another system.")
    return env._("Its code failed.")


def _sentence_of_integrity(env, error):
    table = error.diag.table_name or ""
    if isinstance(error, errors.ForeignKeyViolation):
        if "still referenced" in (error.diag.message_detail or ""):
            return env._("It deletes a record that others still need (table %s).", table)
        return env._("It sets a link to a record that was deleted (table %s).", table)
    if isinstance(error, errors.NotNullViolation):
        return env._(
            "It leaves a required field empty: “%(column)s” (table %(table)s).",
            column=error.diag.column_name,
            table=table,
        )
    if isinstance(error, errors.UniqueViolation):
        return env._("It makes a second record where only one may exist (table %s).", table)
    return env._("It sets a value that is not allowed (table %s).", table)
