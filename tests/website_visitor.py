"""A visitor of a website: a browser without a screen, as far as pages and forms go."""

import re

import requests

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, url):
        self._url = url
        self._session = requests.Session()
        self._session.headers["User-Agent"] = AGENT

    def open(self, path):
        """:return: the page"""
        answer = self._session.get(self._url + path, timeout=60)
        assert answer.ok, (path, answer.status_code)
        return answer.text

    def log_in(self, login):
        """Log in; the login is the password too."""
        [token] = re.findall(r'name="csrf_token" value="(\w+)"', self.open("/web/login"))
        values = {"login": login, "password": login, "csrf_token": token}
        answer = self._session.post(f"{self._url}/web/login", values, timeout=60)
        assert "/web/login" not in answer.url, answer.text

    def submit(self, model, page="/contactus", **values):
        """Send a form of the website that makes a record of a model.

        :return: what it answers: the record's id, or an error
        """
        headers = {"Referer": self._url + page}
        return self._session.post(f"{self._url}/website/form/{model}", values, headers=headers, timeout=60).json()

    def call(self, path, **params):
        """Call a route of the website as its scripts do.

        :return: its result
        """
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self._session.post(self._url + path, json=body, timeout=60).json()
        assert "error" not in answer, answer["error"]
        return answer["result"]
