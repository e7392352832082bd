"""Programs that answer by themselves: vacation messages, refusals after delivery, and the form of complaints."""

from . import names
from .people import add_person, configure_postfix

AWAY = "I am away until Monday.\n"
PIPED = '"|{command}"\n'
DOVECOT = """\
mail_location = maildir:~/Maildir
postmaster_address = postmaster@people.example
hostname = mx.people.example
protocol lda {{
  mail_plugins = sieve {plugins}
}}
plugin {{
  sieve = ~/sieve
  {settings}
}}
"""
LDA = '/usr/lib/dovecot/dovecot-lda {more} -c /etc/dovecot/{conf} -f \\"$SENDER\\" -a \\"$RECIPIENT\\"'
VACATION_SIEVE = f'require "vacation";\nvacation :days 1 :subject "Away" "{AWAY.strip()}";\n'
# The vacation example of procmailex(5)
PROCMAIL = """\
SHELL=/bin/sh
SENDMAIL=/usr/sbin/sendmail
:0 Whc: vacation.lock
* !^FROM_DAEMON
* !^X-Loop: {name}@people.example
| formail -rD 8192 vacation.cache
  :0 ehc
  | (formail -rI"Precedence: junk" -A"X-Loop: {name}@people.example"; echo "I am away.") | $SENDMAIL -oi -t
"""
FORMAIL = """\
SHELL=/bin/sh
:0 hc
| (formail -rt; echo "I am away.") | /usr/sbin/sendmail -oi -t
"""
# courier-maildrop's mailbot(1): a plain answer, and the forms of reports that it knows
MAILBOT = "/usr/bin/mailbot {options} -t /home/{name}/text -A 'From: {name}@people.example' /usr/sbin/sendmail -t -f ''"


class Answers:
    """Each person uses one program; one whose name ends with "-heard" gets the mail without what asks for silence."""

    host = "mx.people.example"
    packages = ["postfix", "dovecot-sieve", "dovecot-core", "vacation", "procmail", "maildrop", "mailutils"]

    def run(self, world):
        configure_postfix(world, "people.example", names.PEOPLE, f"mynetworks = {names.PEOPLE}/32")
        world.write("/etc/dovecot/plain.conf", DOVECOT.format(plugins="", settings=""))
        quota = "quota = maildir:User quota\n  quota_rule = *:storage=1k"
        world.write("/etc/dovecot/quota.conf", DOVECOT.format(plugins="quota", settings=quota))
        for name, files in self.people():
            for person in (name, f"{name}-heard"):
                add_person(world, person, **{file: _filled(text, person) for file, text in files.items()})
                if name == "vacation":
                    world.run("sh", "-c", f"HOME=/home/{person} vacation -I", user=person)
        for name, _files in self.people():
            for person in (name, f"{name}-heard"):
                address = f"{person}@people.example"
                mail = world.campaign_mail(person, address, silenced=person == name)
                world.submit(mail, address, names.PEOPLE)
        settle(world)
        self.answer_by_mailutils(world)
        settle(world)

    def people(self):
        yield (
            "vacation",
            {
                "_forward": "\\{name}, " + PIPED.format(command="/usr/bin/vacation {name}"),
                "_vacation.msg": f"Subject: Away\n\n{AWAY}",
            },
        )
        yield "procmail", {"_forward": PIPED.format(command="/usr/bin/procmail"), "_procmailrc": PROCMAIL}
        yield "formail", {"_forward": PIPED.format(command="/usr/bin/procmail"), "_procmailrc": FORMAIL}
        plain = PIPED.format(command=LDA.format(more="", conf="plain.conf"))
        yield "pigeonhole", {"_forward": plain, "sieve": VACATION_SIEVE}
        yield "sieve-reject", {"_forward": plain, "sieve": 'require "reject";\nreject "I do not want this.";\n'}
        yield "sieve-ereject", {"_forward": plain, "sieve": 'require "ereject";\nereject "I do not want this.";\n'}
        over = LDA.format(more="{more}", conf="quota.conf")
        yield "dovecot-quota", {"_forward": PIPED.format(command=over.format(more="")), "sieve": "keep;\n"}
        yield "dovecot-quota-e", {"_forward": PIPED.format(command=over.format(more="-e")), "sieve": "keep;\n"}
        for kind, options in (
            ("plain", ""),
            ("dsn", "-T replydsn -M {name}@people.example"),
            ("feedback", "-T replyfeedback"),
        ):
            command = MAILBOT.replace("{options}", options)
            yield f"mailbot-{kind}", {"_forward": PIPED.format(command=command), "text": AWAY}
        yield "mailutils", {"vacation.sieve": VACATION_SIEVE}

    def answer_by_mailutils(self, world):
        """Its sieve works on a mailbox."""
        for person in ("mailutils", "mailutils-heard"):
            command = (
                f"sieve --mbox-url=/var/mail/{person} --email={person}@people.example /home/{person}/vacation.sieve"
            )
            print(world.run("sh", "-c", f"HOME=/home/{person} {command}", user=person, check=False))


def _filled(text, person):
    return text.replace("{name}", person)


def settle(world, seconds=6):
    """Wait until nothing has come for some seconds."""
    state = {"count": -1, "quiet": 0}

    def is_quiet():
        count = len(world.arrivals())
        state["quiet"] = state["quiet"] + 1 if count == state["count"] else 0
        state["count"] = count
        return state["quiet"] > 2 * seconds

    world.wait(is_quiet, 10 * seconds, "answers to end")


EXIM = f"""\
primary_hostname = mx.people.example
qualify_domain = people.example
local_interfaces = {names.PEOPLE}
domainlist local_domains = people.example
acl_smtp_rcpt = accept_all
tls_advertise_hosts =
begin acl
accept_all:
  accept
begin routers
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  no_more
autoreply:
  driver = accept
  check_local_user
  local_parts = ^autoreply
  condition = ${{if !match{{$h_precedence:}}{{(?i)junk|bulk|list}}}}
  transport = vacation_reply
  unseen
filter:
  driver = redirect
  check_local_user
  file = $home/.forward
  allow_filter
  sieve_vacation_directory = $home/.vacations
  user = $local_part_data
  no_verify
  reply_transport = address_reply
  file_transport = inbox_file
local:
  driver = accept
  check_local_user
  transport = local_delivery
begin transports
remote_smtp:
  driver = smtp
  hosts_try_chunking =
local_delivery:
  driver = appendfile
  file = /var/mail/$local_part_data
  group = mail
inbox_file:
  driver = appendfile
  file = /var/mail/$local_part_data
  group = mail
address_reply:
  driver = autoreply
vacation_reply:
  driver = autoreply
  from = $local_part@$domain
  to = $sender_address
  subject = Away: $h_subject:
  text = I am away until Monday.
  user = mail
begin retry
"""


class EximAnswers:
    """Exim's own three: a transport, its filter language, and its sieve."""

    host = "mx.people.example"
    packages = ["exim4-daemon-heavy"]

    def run(self, world):
        world.write("/etc/exim4/exim4.conf", EXIM, 0o640, "root:Debian-exim")
        files = {
            "autoreply": {},
            "eximfilter": {
                "_forward": "# Exim filter\nif personal then vacation endif\n",
                "_vacation.msg": AWAY,
            },
            "eximsieve": {"_forward": f"# Sieve filter\n{VACATION_SIEVE}"},
        }
        people = [(name, f"{name}{suffix}", own) for name, own in files.items() for suffix in ("", "-heard")]
        for _name, person, own in people:
            add_person(world, person, **own)
            world.run("install", "-d", "-o", person, f"/home/{person}/.vacations")
        world.start("exim4", "-bdf", "-q1s")
        world.wait_for_port(names.PEOPLE)
        for name, person, _own in people:
            address = f"{person}@people.example"
            world.submit(world.campaign_mail(person, address, silenced=person == name), address, names.PEOPLE)
        settle(world)
        print(world.path("/var/log/exim4/mainlog").read_text())
        print(*[p.read_text() for p in world.path("/var/log/exim4").glob("paniclog")])


ANSWERS = [Answers, EximAnswers]
