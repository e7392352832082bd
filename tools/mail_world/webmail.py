"""A webmail whose people read a mail that asks for a receipt, and call one junk."""

import http.cookiejar
import re
import urllib.parse
import urllib.request

from . import names
from .answers import settle
from .people import add_person, configure_postfix

PORT = 8000
PASSWORD = "secret"
DOVECOT = f"""\
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = mbox:~/mail:INBOX=/var/mail/%u
mail_access_groups = mail
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = passwd
}}
"""
# It sends receipts that are asked for by itself, and hands what is called junk to the sender's complaint desk.
ROUNDCUBE = f"""\
<?php
$config = [];
include '/etc/roundcube/debian-db-roundcube.php';
$config['imap_host'] = '127.0.0.1:143';
$config['smtp_host'] = '{names.PEOPLE}:25';
$config['smtp_user'] = '';
$config['smtp_pass'] = '';
$config['mail_domain'] = 'people.example';
$config['des_key'] = 'abcdefghijklmnopqrstuvwx';
$config['log_dir'] = '/var/log/roundcube';
$config['mdn_requests'] = 1;
$config['plugins'] = ['markasjunk'];
$config['markasjunk_learning_driver'] = 'email_learn';
$config['markasjunk_email_spam'] = 'abuse@odoo.example';
$config['markasjunk_email_attach'] = true;
$config['markasjunk_email_subject'] = 'Reported as spam by %u';
$config['markasjunk_spam_mbox'] = '';
"""
ASKS_FOR_RECEIPT = 'Disposition-Notification-To: "Mara Marketer" <mara@odoo.example>\n'


class Roundcube:
    """`read` opens the mail, `junk` calls it so."""

    host = "mx.people.example"
    packages = ["postfix", "dovecot-imapd", "php-cli", "roundcube-core", "roundcube-plugins", "roundcube-sqlite3"]

    def run(self, world):
        configure_postfix(world, "people.example", names.PEOPLE, f"mynetworks = {names.PEOPLE}/32")
        world.write("/etc/dovecot/dovecot.conf", DOVECOT)
        world.write("/etc/roundcube/config.inc.php", ROUNDCUBE)
        world.start("dovecot", "-F")
        root = "/var/lib/roundcube/public_html"
        world.start("php", "-S", f"127.0.0.1:{PORT}", "-t", root, user="www-data")
        world.wait_for_port("127.0.0.1", 143)
        world.wait_for_port("127.0.0.1", PORT)
        for person in ("read", "junk"):
            add_person(world, person)
            address = f"{person}@people.example"
            mail = world.campaign_mail(person, address)
            world.submit(ASKS_FOR_RECEIPT + mail if person == "read" else mail, address, names.PEOPLE)
        world.wait(lambda: all(world.path(f"/var/mail/{person}").exists() for person in ("read", "junk")), 30, "mails")
        Session("read").open_first()
        junk = Session("junk")
        junk.open_first()
        junk.call_first_junk()
        settle(world)
        for log in ("/var/log/mail-world.log", "/var/log/postfix.log", "/var/log/roundcube/errors.log"):
            if world.path(log).exists():
                print(log, world.path(log).read_text())


class Session:
    """A person who has logged in with a browser."""

    def __init__(self, person):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(cookies)
        page = self.get("")
        token = re.search(r'name="_token" value="([^"]+)"', page)[1]
        values = {"_token": token, "_task": "login", "_action": "login", "_user": person, "_pass": PASSWORD}
        page = self.get("?_task=login", values)
        self.token = re.search(r'"request_token":"([^"]+)"', page)[1]

    def get(self, query, values=None, headers=None):
        data = urllib.parse.urlencode(values).encode() if values else None
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}/{query}", data, headers or {})
        with self.browser.open(request, timeout=60) as response:
            return response.read().decode()

    def open_first(self):
        self.get("?_task=mail&_mbox=INBOX&_uid=1&_action=show")

    def call_first_junk(self):
        values = {"_uid": "1", "_mbox": "INBOX", "_remote": "1", "_token": self.token}
        headers = {"X-Roundcube-Request": self.token}
        print(self.get("?_task=mail&_action=plugin.markasjunk.junk", values, headers))


WEBMAIL = [Roundcube]
