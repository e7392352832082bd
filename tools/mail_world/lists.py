"""List servers to whose addresses a campaign's mail goes: what they tell its sender."""

from . import names
from .answers import settle
from .people import configure_postfix

MEMBER = "member@people.example"
OWNER = "owner@lists.example"


class ListServer:
    host = "lists.example"
    patience = 12  # seconds without anything

    def run(self, world):
        self.make(world)
        for kind, local in self.lists():
            address = f"{local}@lists.example"
            mail = world.campaign_mail(kind, address, silenced=not kind.endswith("-heard"))
            world.submit(mail, address, names.LISTS)
        settle(world, self.patience)

    def lists(self):
        """Yield what is tried, and the address."""
        raise NotImplementedError

    def make(self, world):
        raise NotImplementedError


class Mlmmj(ListServer):
    packages = ["mlmmj", "postfix"]
    # The files in the folder `control` of each list
    LISTS = {
        "moderated": {"moderated": "", "moderators": f"{OWNER}\n", "notifymod": ""},
        "closed": {"subonlypost": ""},
        "short": {"maxmailsize": "100\n", "notmetoo": ""},
        "subscribe": {},
        "help": {},
    }

    def make(self, world):
        aliases = ["postmaster: root", "owner: root"]
        for name, control in self.LISTS.items():
            folder = f"/var/spool/mlmmj/{name}"
            for part in [
                "incoming",
                "queue",
                "queue/discarded",
                "archive",
                "text",
                "subconf",
                "unsubconf",
                "bounce",
                "control",
                "moderation",
                "requeue",
                "subscribers.d",
                "digesters.d",
                "nomailsubs.d",
            ]:
                world.path(f"{folder}/{part}").mkdir(parents=True, exist_ok=True)
            texts = world.path("/usr/share/mlmmj/text.skel/en")
            for text in texts.iterdir():
                world.write(f"{folder}/text/{text.name}", text.read_text())
            basic = {"listaddress": f"{name}@lists.example\n", "owner": f"{OWNER}\n", "relayhost": f"{names.LISTS}\n"}
            for file, text in {**basic, **control}.items():
                world.write(f"{folder}/control/{file}", text)
            world.write(f"{folder}/index", "0\n")
            world.run("chown", "-R", "nobody:", folder)
            aliases.append(f'{name}: "|/usr/bin/mlmmj-receive -F -L {folder}/"')
        world.write("/etc/aliases", "\n".join([*aliases, ""]))
        configure_postfix(world, "lists.example", names.LISTS, "recipient_delimiter = +")

    def lists(self):
        for name in ("moderated", "closed", "short"):
            yield name, name
        yield "subscribe", "subscribe+subscribe"
        yield "help", "help+help"


class Mailman(ListServer):
    patience = 40
    packages = ["mailman3", "postfix", "python3-psycopg2"]
    SETTINGS = {
        "hold": "m.default_nonmember_action = Action.hold",
        "reject": "m.default_nonmember_action = Action.reject",
        "autorespond": (
            "m.default_nonmember_action = Action.accept; m.autorespond_postings = ResponseAction.respond_and_continue;"
            " m.autoresponse_postings_text = 'We read this list on Mondays.'"
        ),
        "join": "pass",
        "request": "pass",
    }

    def make(self, world):
        configure_postfix(
            world,
            "lists.example",
            names.LISTS,
            "transport_maps = inline:{lists.example=lmtp:[127.0.0.1]:8024}\nlocal_recipient_maps =\n"
            "recipient_delimiter = +",
        )
        world.run(
            "sed",
            "-i",
            f"s/^smtp_host:.*/smtp_host: {names.LISTS}/; s/^lmtp_host:.*/lmtp_host: 127.0.0.1/",
            "/etc/mailman3/mailman.cfg",
        )
        mailman = ("mailman", "-C", "/etc/mailman3/mailman.cfg")
        settings = {f"{name}{suffix}": setting for name, setting in self.SETTINGS.items() for suffix in ("", "-heard")}
        for name, setting in settings.items():
            world.run(*mailman, "create", "-d", f"{name}@lists.example", user="list")
            world.write(
                "/tmp/setting.py",
                "from mailman.interfaces.action import Action\n"
                "from mailman.interfaces.autorespond import ResponseAction\n"
                "from mailman.config import config\n"
                f"def setting(m):\n    {setting}\n    config.db.commit()\n",
            )
            line = f"cd /tmp && PYTHONPATH=/tmp {' '.join(mailman)} shell -l {name}@lists.example --run setting"
            print(world.run("sh", "-c", line, user="list", check=False))
        world.run("sh", "-c", "mkdir -p /run/mailman3; chown list: /run/mailman3")
        world.start(*mailman, "start", user="list")
        world.wait_for_port("127.0.0.1", 8024, seconds=200)

    def lists(self):
        for name in ("hold", "reject", "autorespond"):
            yield name, name
            yield f"{name}-heard", f"{name}-heard"
        yield "join-heard", "join-heard-join"
        yield "request-heard", "request-heard-request"


LISTS = [Mlmmj, Mailman]
