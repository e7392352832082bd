"""What runs in the namespaces: `python -m tools.mail_world.inside NAME BASE LAYER FOLDER`."""

import json
import os
import sys
from pathlib import Path

from .programs import PROGRAMS
from .scanners import summary
from .world import World


def main(name, base, layer, folder):
    program = PROGRAMS[name]()
    world = World(base, layer, folder, program.host)
    program.run(world)
    result = {
        "versions": {package: world.version(package) for package in program.packages},
        "messages": [{"tried": tried, "text": text} for tried, text in world.arrivals()],
        "tried": world.tried,
        "rules": getattr(program, "rules", None),
        "requests": summary(getattr(program, "requests", [])),
    }
    (Path(folder) / "result.json").write_text(json.dumps(result, indent=1))
    sys.stdout.flush()
    os._exit(0)  # servers of ours are threads that do not end


if __name__ == "__main__":
    main(*sys.argv[1:])
