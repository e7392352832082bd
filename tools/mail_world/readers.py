"""People who read the mail and answer it, each with a program of their own."""

from . import names
from .answers import settle
from .people import add_person, configure_postfix

THANKS = "Thank you: that is good to know."
SEND = r"\x18"  # Alpine's Ctrl-X
# Types keys, one after the other, into a program that wants a terminal
TYPIST = """\
set timeout 20
set keys [lindex $argv 0]
spawn -noecho {*}[lrange $argv 1 end]
foreach key [split $keys ,] { sleep 2; send -- [subst $key] }
expect eof
"""
TYPED = "mkdir -p Mail mail; expect typist '{keys}'"
MUTT = """\
set sendmail="/usr/sbin/sendmail -oem -oi"
set editor="./editor" reply_to=yes
set fast_reply=yes autoedit=yes include=no edit_headers=no abort_unmodified=no copy=no confirmappend=no
set header_cache="" record="" mark_old=no
set from="{name}@people.example" realname="{name}" use_from=yes
"""
ALPINE = """\
user-domain=people.example
inbox-path=/var/mail/{name}
last-version-used=7.00
sendmail-path=/usr/sbin/sendmail -oem -oi -t
"""
# What is typed into programs that read lines
LINES = {
    "s-nail": "reply 1\n{thanks}\n.\nxit\n",
    "bsd-mailx": "R 1\n{thanks}\n.\nx\n",
    "bsd-mailx-all": "r 1\n{thanks}\n.\nx\n",
    "mailutils": "reply 1\n{thanks}\n.\nexit\n",
}
DOT = "echo 'set dot' > .mailrc;"


class Readers:
    """One whose name ends with "-all" answers to all: to others, and to Odoo's address for bounces among them."""

    host = "mx.people.example"
    packages = ["postfix", "mutt", "neomutt", "alpine", "s-nail", "bsd-mailx", "mailutils", "nmh", "mblaze", "expect"]

    def run(self, world):
        configure_postfix(world, "people.example", names.PEOPLE)
        for name, _command in self.people():
            add_person(world, name)
            address = f"{name}@people.example"
            mail = world.campaign_mail(name, address)
            if name.endswith("-all"):
                mail = mail.replace(f"To: {address}", f"To: {address}\nCc: ben@people.example, bounce@odoo.example")
            world.submit(mail, address, names.PEOPLE)
        world.run("sleep", "3")
        for name, command in self.people():
            for file, text in self.files(name):
                world.write(f"/home/{name}/{file}", text, 0o755, f"{name}:{name}")
            line = (
                f"export HOME=/home/{name} USER={name} LOGNAME={name} MAIL=/var/mail/{name} EDITOR=true; cd; {command}"
            )
            try:
                keys = LINES.get(name, "").format(thanks=THANKS)
                print(name, world.run("sh", "-c", line, user=name, check=False, input=keys))
            except Exception as error:  # one that hangs takes none of the others along
                print(name, "hangs:", error)
        settle(world)

    def files(self, name):
        yield "typist", TYPIST
        yield "editor", f"#!/bin/sh\necho '{THANKS}' >> \"$1\"\n"
        if "mutt" in name:
            yield ".muttrc", MUTT.format(name=name)
        if name == "nmh":
            yield ".mh_profile", "Path: Mail\n"
        if name == "alpine":
            yield ".pinerc", ALPINE.format(name=name)

    def people(self):
        """Yield names, and what is said to a shell as that person."""
        for name, keys in (("mutt", "r,y,q"), ("mutt-all", "g,y,q"), ("neomutt", "r,y,q")):
            program = name.partition("-")[0]
            yield name, f"{TYPED.format(keys=keys)} {program} -F .muttrc -f /var/mail/{name}"
        yield "s-nail", "s-nail -# -Sdot -Sfrom=s-nail@people.example -Smta=/usr/sbin/sendmail -f /var/mail/s-nail"
        for name in ("bsd-mailx", "bsd-mailx-all"):
            yield name, f"{DOT} bsd-mailx -I -f /var/mail/{name}"
        yield "mailutils", f"{DOT} mail.mailutils -f /var/mail/mailutils"
        yield (
            "nmh",
            "export PATH=/usr/bin/mh:$PATH; mkdir -p Mail/inbox; inc -silent -file /var/mail/nmh;"
            f" repl -noedit -nowhatnowproc last; echo '{THANKS}' >> Mail/draft;"
            " send -mts sendmail/pipe $HOME/Mail/draft",
        )
        yield (
            "mblaze",
            "mkdir -p .mblaze Maildir/cur Maildir/new Maildir/tmp;"
            " mdeliver -M Maildir < /var/mail/mblaze; mlist Maildir | mseq -S;"
            " printf 's\\n' | VISUAL=$HOME/editor EDITOR=$HOME/editor mrep 1",
        )
        yield "alpine", f"{TYPED.format(keys=f'r,n,y,{THANKS},{SEND},y,y,q,y')} alpine -i -p .pinerc"


READERS = [Readers]
