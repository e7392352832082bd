"""What real mail programs send back (`bin/mail-world`): whole, wide enough, nothing of the machine."""

from email import message_from_bytes

from mail_world_kept import MESSAGES, Campaign, read_expected, read_kept

BECOMES = {"hard bounce", "soft bounce", "complaint", "reply", "read", "automatic answer", "accepted", "nothing"}


def test_every_message_is_expected():
    """A program that is run anew may send something else: somebody has to say what it means."""
    kept = [message.name for message in read_kept()]
    files = {f"{path.parent.name}/{path.stem}" for path in MESSAGES.glob("*/*.eml")}
    assert sorted(kept) == sorted(files) == sorted(read_expected())
    assert set(read_expected().values()) <= BECOMES


def test_world_is_wide_enough():
    """Six mail servers with five outcomes each, five automatic answers, four people who reply."""
    by_program = {}
    for name, becomes in read_expected().items():
        by_program.setdefault(name.partition("/")[0], []).append(becomes)
    servers = [name for name, found in by_program.items() if "hard bounce" in found and len(found) >= 5]
    assert len(servers) >= 6
    assert list(read_expected().values()).count("automatic answer") >= 5
    assert by_program["readers"].count("reply") >= 4


def test_nothing_tells_formail_from_people():
    """Each field that it writes, and each that it lacks, is so in some person's answer: it has to count as one."""
    fields = {}
    for message in read_kept():
        if message.name.partition("/")[0] == "readers" or message.name == "answers/formail":
            fields[message.name] = {name.lower() for name in message_from_bytes(message.content)}
    formail = fields.pop("answers/formail")
    assert formail <= set().union(*fields.values())
    for name in set().union(*fields.values()) - formail:
        assert [people for people, names in fields.items() if name not in names], name


def test_nothing_of_the_machine_is_kept():
    """Names and addresses are of the documentation's own, whoever ran the programs."""
    for message in read_kept():
        lines = message_from_bytes(message.content).as_string().splitlines()
        hosts = [line for line in lines if line.startswith("Received: from") and ".example" not in line]
        assert not [line for line in hosts if "localhost" not in line and "root" not in line and "MAILER" not in line]
        assert b"/work/" not in message.content


def test_reports_by_the_script_of_a_mail_server(odoo_server):
    """A mail server hands its mails to Odoo's own script, as an alias says; the campaign goes on by itself."""
    campaign = Campaign(odoo_server, {"hard bounce": ("mail_bounce", {}), "reply": ("mail_reply", {})})
    kept = [message for message in read_kept() if message.name in ("postfix/unknown", "readers/mutt")]
    message_ids = campaign.start(kept)
    for message in kept:
        campaign.hand_in_by_script(message.about(message_ids[message.tried]))
    campaign.wait_until(lambda: campaign.done("hard bounce") == {"postfix/unknown"}, "the step after a bounce")
    campaign.wait_until(lambda: campaign.done("reply") == {"readers/mutt"}, "the step after a reply")
    assert " ERROR " not in odoo_server.log()
