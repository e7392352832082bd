"""People who read the mail and answer it, each with a program of their own."""

from . import names
from .answers import settle
from .people import add_person, configure_postfix

THANKS = "Thank you, that is good to know."
BOX = "/var/mail/{name}"
# Each is said to a shell as the person. Programs that want a terminal get one from script(1).
TERMINAL = "script -qefc {command} /dev/null"
MUTT = """\
set sendmail="/usr/sbin/sendmail -oem -oi"
set editor="sh -c 'echo {thanks} >> $1' --"
set fast_reply=yes autoedit=yes include=no edit_headers=no abort_unmodified=no copy=no confirmappend=no
set header_cache="" record="" mark_old=no
set from="{name}@people.example" realname="{name}" use_from=yes
push "{keys}"
"""


class Readers:
    host = "mx.people.example"
    packages = ["postfix", "mutt", "neomutt", "alpine", "s-nail", "bsd-mailx", "mailutils", "nmh", "mblaze", "expect"]

    def run(self, world):
        configure_postfix(
            world, "people.example", names.PEOPLE, f"mynetworks = {names.PEOPLE}/32\nmailbox_size_limit = 0"
        )
        for name, _command in self.people():
            add_person(world, name)
        # One more is mailed to, so that an answer to all goes to others, Odoo's address for bounces among them
        for name, _command in self.people():
            address = f"{name}@people.example"
            mail = world.campaign_mail(name, address)
            if name.endswith("-all"):
                mail = mail.replace(f"To: {address}", f"To: {address}, ben@people.example\nCc: bounce@odoo.example")
            world.submit(mail, address, names.PEOPLE)
        world.run("sleep", "3")
        for name, command in self.people():
            for file, text in self.files(name):
                world.write(f"/home/{name}/{file}", text, 0o644, f"{name}:{name}")
            line = (
                f"export HOME=/home/{name} USER={name} LOGNAME={name} MAIL=/var/mail/{name} EDITOR=true; cd; {command}"
            )
            try:
                print(name, world.run("sh", "-c", line, user=name, check=False, input=self.keys(name)))
            except Exception as error:  # one that hangs takes none of the others along
                print(name, "hangs:", error)
        settle(world)

    def files(self, name):
        keys = {"mutt": "ryq", "mutt-all": "gyq", "neomutt": "ryq"}
        if name in keys:
            yield ".muttrc", MUTT.format(name=name, thanks=THANKS.replace(",", ""), keys=keys[name])
        if name == "nmh":
            yield ".mh_profile", "Path: Mail\n"
        if name == "alpine":
            yield (
                ".pinerc",
                (
                    "user-domain=people.example\nsmtp-server=mx.people.example/novalidate-cert\n"
                    "inbox-path=/var/mail/alpine\nquit-without-confirm\n"
                    "feature-list=enable-suspend,no-send-without-confirm,quit-without-confirm\n"
                ),
            )

    def keys(self, name):
        said = {
            "s-nail": "reply 1\n{thanks}\n.\nxit\n",
            "s-nail-all": "reply 1\n{thanks}\n.\nxit\n",
            "bsd-mailx": "R 1\n{thanks}\n.\nx\n",
            "bsd-mailx-all": "r 1\n{thanks}\n.\nx\n",
            "mailutils": "reply 1\n{thanks}\n.\nexit\n",
        }
        return said.get(name, "").format(thanks=THANKS)

    def people(self):
        yield "mutt", TERMINAL.format(command="'mutt -F .muttrc -f /var/mail/mutt'")
        yield "mutt-all", TERMINAL.format(command="'mutt -F .muttrc -f /var/mail/mutt-all'")
        yield "neomutt", TERMINAL.format(command="'neomutt -F .muttrc -f /var/mail/neomutt'")
        yield (
            "s-nail",
            "s-nail -# -Sdot -Sfrom=s-nail@people.example -Sflipr -Smta=/usr/sbin/sendmail -f /var/mail/s-nail",
        )
        yield (
            "s-nail-all",
            "s-nail -# -Sdot -Sfrom=s-nail-all@people.example -Smta=/usr/sbin/sendmail -f /var/mail/s-nail-all",
        )
        yield "bsd-mailx", "echo 'set dot' > .mailrc; bsd-mailx -I -f /var/mail/bsd-mailx"
        yield "bsd-mailx-all", "echo 'set dot' > .mailrc; bsd-mailx -I -f /var/mail/bsd-mailx-all"
        yield "mailutils", "echo 'set dot' > .mailrc; mail.mailutils -f /var/mail/mailutils"
        yield (
            "nmh",
            (
                "export PATH=/usr/bin/mh:$PATH; mkdir -p Mail/inbox; inc -silent -file /var/mail/nmh;"
                f" repl -noedit -nowhatnowproc last; echo '{THANKS}' >> Mail/draft;"
                " send -mts sendmail/pipe Mail/draft"
            ),
        )
        yield (
            "mblaze",
            (
                "mkdir -p Maildir/cur Maildir/new Maildir/tmp; mdeliver -M Maildir < /var/mail/mblaze;"
                " mlist Maildir | mseq -S; echo 'echo Thank you. >> \"$1\"' > ed; chmod +x ed;"
                " printf 's\\n' | VISUAL=./ed EDITOR=./ed MBLAZE=. mrep 1"
            ),
        )
        yield "alpine", "expect alpine.exp"


READERS = [Readers]
