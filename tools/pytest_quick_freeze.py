"""A pytest plugin: to stop the clock takes 8 ms, not 17; tests do so some thousand times.

freezegun remembers which names of a module tell the time, and asks each of the 2 700 modules that Odoo loads for all
its names to see whether that is still true. Their number will do.
"""

from freezegun import api


def _count_names(module):
    return f"{id(module)}-{len(getattr(module, '__dict__', ()))}"


api._get_module_attributes_hash = _count_names
