#!/bin/sh
# Called by the scripts in bin/: finds a Python that Odoo 19 runs on and hands over to tools/__main__.py.
for python in python3 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        PYTHONPATH="$(cd "$(dirname "$0")/.." && pwd)" exec "$python" -m tools "$@"
    fi
done
echo "error: no Python 3.11, 3.12 or 3.13 found on PATH (Debian: apt-get install python3 python3-venv)" >&2
exit 1
