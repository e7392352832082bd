"""Panning and dragging over a big workflow in a real Chromium: how long a frame takes, of 60 a second."""

import json
import os
import tempfile
from pathlib import Path
from statistics import median

from ..browser import running_browser
from ..chromium import browser_environment
from .lines import at_most, line
from .screens import serving

MOVES = 120  # of the mouse, of each run
WINDOW = 1400, 900
MOST = 17.0  # ms: a screen shows 60 frames a second
LEVEL = 8  # conditions side by side, each of which forks
CARD = ".o_marketing_activity_card"
WATCH = """
(() => {
    window.frameTimes = [];
    const look = (time) => {
        if (window.frameTimes) {
            window.frameTimes.push(time);
            requestAnimationFrame(look);
        }
    };
    requestAnimationFrame(look);
})()
"""
# A point of the workflow where nothing but its background is
BACKGROUND = """
(() => {
    for (let y = innerHeight - 60; y > 0; y -= 7) {
        for (let x = innerWidth - 60; x > 0; x -= 7) {
            const element = document.elementFromPoint(x, y);
            if (element?.closest(".o_marketing_workflow") && !element.closest("button, a, input, article, .alert")) {
                return JSON.stringify([x, y]);
            }
        }
    }
})()
"""
IS_PANNING = "Boolean(document.querySelector('.o_marketing_panning'))"
TIMES = "JSON.stringify(window.frameTimes.slice(1).map((time, index) => time - window.frameTimes[index]))"


def measure(space, clone, size, runs):
    """Pan the background of a workflow of so many cards, then drag a card over it."""
    os.environ |= browser_environment(space.source)
    with clone() as database, serving(space, database) as client, tempfile.TemporaryDirectory() as folder:
        campaign = _make_workflow(client, size)
        with running_browser(Path(folder)) as browser:
            browser.resize(*WINDOW)
            browser.open(f"{client.url}/web/login")
            browser.fill("input[name=login]", "admin")
            browser.fill("input[name=password]", "admin")
            browser.click(".oe_login_buttons button")
            browser.wait_for(".o_main_navbar")
            browser.open(f"{client.url}/odoo/marketing-automation/{campaign}")
            browser.wait_for(CARD, "Step 0")
            browser.settle()
            assert browser.evaluate(f"document.querySelectorAll('{CARD}').length") == size
            laps = {what: [_frames(browser, what) for _run in range(runs)] for what in ("panning", "dragging")}
    return [
        line(
            f"{what} over {size} cards",
            "ms a frame",
            [median(frames) for frames in all_frames],
            target=at_most("ours", MOST),
            notes={"one in twenty": sorted(all_frames[-1])[int(0.95 * len(all_frames[-1]))]},
        )
        for what, all_frames in laps.items()
    ]


def _make_workflow(client, size):
    campaign = client.call("marketing.campaign", "create", {"name": "Frames"})
    places, number = [(False, "begin")], 0
    while number < size:
        rows = [
            {"name": f"Step {number + index}", "campaign_id": campaign, "parent_id": parent, "trigger_type": way}
            | {"activity_type": "condition", "condition_domain": "[('id', '>', 0)]", "sequence": number + index}
            for index, (parent, way) in enumerate(places[: size - number])
        ]
        made = client.call("marketing.activity", "create", rows)
        number += len(made)
        places = [(step, way) for step in made for way in ("cond_yes", "cond_no")][:LEVEL]
    return campaign


def _frames(browser, what):
    """:return: how long each frame took, in ms, while the mouse moved with its button pressed"""
    across, down = (length // 2 for length in WINDOW)
    if what == "dragging":
        browser.drag(f"{CARD} header .o_marketing_activity_name", CARD, drop=False)
    else:
        browser.press_mouse(*json.loads(browser.evaluate(BACKGROUND)))
        assert browser.evaluate(IS_PANNING)
    browser.evaluate(WATCH)
    for move in range(MOVES):
        browser.move(across + move, down + (move if move < MOVES / 2 else MOVES - move) * 3)
    times = json.loads(browser.evaluate(TIMES))
    browser.evaluate("delete window.frameTimes")
    browser.press("Escape")  # nothing is moved to another place
    browser.drop(across, down)
    browser.settle()
    return times
