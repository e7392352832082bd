"""What came back, as files of the repository."""

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "tests/mail_world"
MESSAGES = FOLDER / "messages"
SCANNERS = FOLDER / "scanners.json"
RULES = FOLDER / "rules.json"
ABOUT = "about.json"


def keep_requests(name, result):
    """Write what a scanner asked for in place of what it asked for before."""
    scanners = json.loads(SCANNERS.read_text()) if SCANNERS.exists() else {}
    scanners[name] = {"versions": result["versions"], "requests": result["requests"]}
    SCANNERS.write_text(json.dumps(scanners, indent=2, sort_keys=True) + "\n")
    for request in result["requests"]:
        yield f"{request['method']} of a {request['what']}, {request['times']} times: {request['agent']}"


def keep_rules(result):
    """Write which rules of a filter the templates' mails hit in place of what they hit before."""
    mails = dict(sorted(result["rules"].items()))
    RULES.write_text(json.dumps({"versions": result["versions"], "mails": mails}, indent=2) + "\n")
    for name, rules in mails.items():
        yield f"{name}: {sum(rules.values()):.1f} points, {', '.join(rules)}"


def keep(name, result):
    """Write the messages of a program in place of those kept before.

    :return: lines that say what came
    """
    if result["requests"]:
        yield from keep_requests(name, result)
        return
    if result["rules"] is not None:
        yield from keep_rules(result)
        return
    folder = MESSAGES / name
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.eml"):
        path.unlink()
    counts = {}
    for message in result["messages"]:
        tried = message["tried"] or "unknown-cause"
        counts[tried] = counts.get(tried, 0) + 1
        suffix = f"-{counts[tried]}" if counts[tried] > 1 else ""
        (folder / f"{tried}{suffix}.eml").write_bytes(message["text"].encode("utf-8", "surrogateescape"))
    silent = [tried for tried in result["tried"] if tried not in counts]
    about = {"versions": result["versions"], "silent": silent, "sent": result["tried"]}
    (folder / ABOUT).write_text(json.dumps(about, indent=2) + "\n")
    for tried in result["tried"]:
        yield f"{tried}: {counts.get(tried, 0) or 'nothing'} came back"
    if "unknown-cause" in counts:
        yield f"of unknown cause: {counts['unknown-cause']}"
