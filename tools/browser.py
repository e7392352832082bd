"""A page in a real Chromium, driven over its DevTools protocol: what a user sees, clicked with the mouse."""

import base64
import itertools
import json
import resource
import shutil
import time
import urllib.request
from contextlib import contextmanager

import websocket

from tools.chromium import BROWSERS
from tools.ports import LOOPBACK, free_port, wait_for_port
from tools.processes import background

PATIENCE = 120  # seconds: Odoo builds its assets at the first page, and installs apps while the user waits
LOOK_EVERY = 0.1  # seconds
SIZE = "1366,900"
PHONE = 600  # pixels
KEYS = {  # their code, and what they write
    **{"Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), "ArrowDown": (40, "")},
    **{"End": (35, ""), "Backspace": (8, ""), "b": (66, ""), "y": (89, ""), "z": (90, "")},
}
CONTROL = 2  # how DevTools names the key
STILL = 0.3  # seconds without a change: more than Odoo waits after a key or a click before it asks the server

# The middle of the first element that is seen and holds the text; to be clicked, it must stand still, and nothing may
# cover it.
FIND = """
(async (selector, text, click, frameSelector) => {
    const frame = frameSelector && document.querySelector(frameSelector);
    const page = frameSelector ? frame?.contentDocument : document;
    const getMiddle = (element) => {
        const {x, y, width, height} = element.getBoundingClientRect();
        const {x: left, y: top} = frame ? frame.getBoundingClientRect() : {x: 0, y: 0};
        return width && height && [left + x + width / 2, top + y + height / 2, left, top];
    };
    for (const element of page?.querySelectorAll(selector) || []) {
        const isShown = element.checkVisibility({opacityProperty: true, visibilityProperty: true});
        if (!isShown || !(element.innerText || element.value || "").includes(text)) {
            continue;
        }
        element.scrollIntoView({block: "center"});
        let middle = getMiddle(element);
        if (middle && click) {
            await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
            const [x, y, left, top] = middle;
            const isCovered = frame && document.elementFromPoint(x, y) !== frame;
            const isSeen = !isCovered && element.contains(page.elementFromPoint(x - left, y - top));
            middle = isSeen && String(getMiddle(element)) === String(middle) && middle;
        }
        if (middle) {
            return middle.slice(0, 2);
        }
    }
})(%s, %s, %s, %s)
"""


MIDDLE = """
(({x, y, width, height}) => JSON.stringify([x + width / 2, y + height / 2]))(
    document.querySelector(%s).getBoundingClientRect()
)
"""


IN_SIGHT = """
((element) => {
    const {top, height} = element?.getBoundingClientRect() || {};
    return height > 0 && top >= 0 && top < innerHeight * %s;
})(document.querySelector(%s))
"""


CHOOSE = """
((select, value) => {
    select.value = value;
    select.dispatchEvent(new Event("change", {bubbles: true}));
})(document.querySelector(%s), %s)
"""


class Browser:
    """:ivar errors: what the page's console complained about, and exceptions that nobody caught"""

    def __init__(self, socket):
        self._socket = socket
        self._ids = itertools.count(1)
        self._frame = None
        self._seen = None  # the page, when it was last looked at
        self._begun = 0  # requests
        self._is_pressed = False  # the mouse
        self._pending = set()  # those that are not answered yet
        self.errors = []
        for domain in ("Page", "Runtime", "Network"):
            self._send(f"{domain}.enable")
        self._frame = self._send("Page.getFrameTree")["frameTree"]["frame"]["id"]

    def open(self, url):
        self._send("Page.navigate", url=url)

    def wait_for(self, selector, text="", frame=None):
        """Wait until an element is seen.

        :param frame: selector of the frame in which it is, which must be of the page's own site
        """
        self._find(selector, text, click=False, frame=frame)

    def wait_in_sight(self, selector, part=0.5):
        """Wait until the page has scrolled by itself to where an element begins.

        :param part: of the window's height, in which that is to be
        """
        expression = IN_SIGHT % (part, json.dumps(selector))
        self._wait(lambda: self.evaluate(expression), f"out of sight: {selector}")

    def wait_gone(self, selector, text=""):
        expression = _find_expression(selector, text, click=False)
        self._wait(lambda: self.evaluate(f"(async () => !(await {expression}))()"), f"still {selector} “{text}”")

    def click(self, selector, text="", frame=None):
        """Click an element as soon as it can be; see :meth:`wait_for`."""
        x, y = self._find(selector, text, click=True, frame=frame)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self._mouse(kind, x, y)

    def drag(self, selector, to, drop=True):
        """Press the mouse on an element, move it over another one, and release it there.

        :param to: selector of the other one, which is seen without scrolling
        :param drop: False: keep it pressed; see :meth:`drop`
        """
        x, y = self._find(selector, "", click=True)
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y)
        self._mouse("mouseMoved", x + 20, y + 20)  # more than a hand trembles
        left, top = json.loads(self.evaluate(MIDDLE % json.dumps(to)))
        self._mouse("mouseMoved", left, top)
        self._mouse("mouseMoved", left + 1, top)
        if drop:
            self.drop(left, top)

    def drop(self, x=0, y=0):
        self._mouse("mouseReleased", x, y)

    def press_mouse(self, x, y):
        """Press the mouse at a point of the window, and keep it pressed; see :meth:`drop`."""
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y)

    def move(self, x, y):
        self._mouse("mouseMoved", x, y)

    def hover(self, selector, text=""):
        self._mouse("mouseMoved", *self._find(selector, text, click=True))

    def _mouse(self, kind, x, y):
        held = kind != "mouseReleased" and (kind == "mousePressed" or self._is_pressed)
        self._is_pressed = held
        button = "none" if kind == "mouseMoved" and not held else "left"
        event = {"type": kind, "x": x, "y": y, "button": button, "buttons": int(held), "clickCount": 1}
        self._send("Input.dispatchMouseEvent", **event)

    def choose(self, selector, value):
        """Choose an option of a select, by its value."""
        self.wait_for(selector)
        self.evaluate(CHOOSE % tuple(map(json.dumps, (selector, value))))

    def fill(self, selector, text):
        """Replace what a field holds."""
        self.click(selector)
        self.replace(text)

    def replace(self, text):
        """Replace what the field holds in which the cursor is."""
        self.evaluate("document.activeElement.select()")
        self.insert(text)

    def insert(self, text):
        """Write at once, as an input method does, wherever the cursor is."""
        self._send("Input.insertText", text=text)

    def type(self, text):
        """Press the key of each character, wherever the cursor is."""
        for character in text:
            self._send("Input.dispatchKeyEvent", type="keyDown", key=character, text=character)
            self._send("Input.dispatchKeyEvent", type="keyUp", key=character)

    def press(self, key, modifiers=0):
        """Press one of KEYS, with others held down."""
        code, text = KEYS[key]
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self._send("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text else {}))
        self._send("Input.dispatchKeyEvent", type="keyUp", **common)

    def evaluate(self, expression):
        """:return: the value of a JavaScript expression; None while a new page is loaded"""
        answer = self._send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return answer.get("result", {}).get("value")

    def resize(self, width, height):
        """Give the page a size in pixels; a narrow one is a phone's."""
        mobile = width < PHONE
        self._send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def settle(self, still=STILL):
        """Wait until nothing has moved for some seconds, and the page waits for no answer."""
        self._seen = None
        self._wait(self._is_still, "it never stands still", every=still)

    def _is_still(self):
        before, self._seen = self._seen, (self._capture(optimizeForSpeed=True), self._begun)
        return before == self._seen and not self._pending

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self._capture()))

    def _capture(self, **options):
        return self._send("Page.captureScreenshot", **options)["data"]

    def _find(self, selector, text, click, frame=None):
        expression = _find_expression(selector, text, click, frame)
        return self._wait(lambda: self.evaluate(expression), f"no {selector} “{text}”")

    def _wait(self, condition, complaint, every=LOOK_EVERY):
        deadline = time.monotonic() + PATIENCE
        while not (value := condition()):
            assert time.monotonic() < deadline, f"{complaint}; the page: {self.evaluate('document.body.innerText')}"
            time.sleep(every)
        return value

    def _send(self, method, **parameters):
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (message := json.loads(self._socket.recv())).get("id") != number:
            self._note(message)
        return message.get("result", {})

    def _note(self, message):
        parameters = message.get("params", {})
        if message.get("method") == "Page.javascriptDialogOpening":  # whether to leave a page that is not saved
            leave = {"id": next(self._ids), "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
            self._socket.send(json.dumps(leave))
        self._note_request(message.get("method"), parameters)
        if message.get("method") == "Runtime.exceptionThrown":
            self.errors.append(parameters["exceptionDetails"])
        if message.get("method") == "Runtime.consoleAPICalled" and parameters["type"] == "error":
            self.errors.append([argument.get("value", argument.get("description")) for argument in parameters["args"]])

    def _note_request(self, method, parameters):
        # Workers, which have no loader, and frames with a process of their own tell no end.
        is_of_page = parameters.get("loaderId") and parameters.get("frameId") == self._frame
        if method == "Network.requestWillBeSent" and is_of_page:
            self._begun += 1
            self._pending.add(parameters["requestId"])
        elif method in ("Network.loadingFinished", "Network.loadingFailed"):
            self._pending.discard(parameters["requestId"])
        elif method == "Page.frameNavigated" and "parentId" not in parameters["frame"]:
            self._pending.clear()  # of the page before


def _find_expression(selector, text, click, frame=None):
    return FIND % tuple(map(json.dumps, (selector, text, click, frame)))


def _lift_memory_limit():
    """Undo what Odoo's server, which runs in the process of the tests, sets for all: Chromium wants to map much."""
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def running_browser(folder):
    """Give a Browser that runs while the block lasts.

    :param folder: where its profile goes
    """
    port = free_port()
    program = next(filter(None, map(shutil.which, BROWSERS)))
    # Without a sandbox, as in Odoo's own tests: it needs root's help, and the pages are ours.
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--window-size={SIZE}"]
    command = [program, *options, f"--remote-debugging-port={port}", "--no-first-run", f"--user-data-dir={folder}"]
    log = folder.with_suffix(".log")
    with (
        log.open("wb") as output,
        background(command, stdout=output, stderr=output, preexec_fn=_lift_memory_limit) as process,
    ):
        assert wait_for_port(port, process), log.read_text(errors="replace")
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/json", timeout=PATIENCE) as answer:
            [page] = [target for target in json.load(answer) if target["type"] == "page"]
        # Chromium writes valid UTF-8; to check it takes 0.1 s for each picture, in Python.
        options = {"suppress_origin": True, "skip_utf8_validation": True, "timeout": PATIENCE}
        socket = websocket.create_connection(page["webSocketDebuggerUrl"], **options)
        try:
            yield Browser(socket)
        finally:
            socket.close()
