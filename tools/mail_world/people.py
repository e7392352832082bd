"""A mail server of people: Postfix with local users, whose programs get their mails and write to the world."""

from . import names


def configure_postfix(world, domain, address, more=""):
    """Write Postfix's settings for a final destination, and start it."""
    world.write("/etc/mailname", f"{domain}\n")
    world.write(
        "/etc/postfix/main.cf",
        f"""\
compatibility_level = 3.6
myhostname = {names.MAIL[domain]}
myorigin = {domain}
mydestination = {domain}
inet_interfaces = {address}
inet_protocols = ipv4
mynetworks = {address}/32
maillog_file = /var/log/postfix.log
{more}
""",
    )
    world.path("/var/spool/postfix/etc").mkdir(exist_ok=True)
    for name in ("resolv.conf", "hosts", "services"):
        world.write(f"/var/spool/postfix/etc/{name}", world.path(f"/etc/{name}").read_text())
    world.run("postalias", "/etc/aliases", check=False)
    world.run("postfix", "start")
    world.wait_for_port(address)


def add_person(world, name, **files):
    """Add a user with files in the home folder, `_` for the dot that begins their names."""
    world.add_user(name)
    for file, text in files.items():
        path = f"/home/{name}/{file.replace('_', '.', 1)}"
        world.write(path, text, 0o644, f"{name}:{name}")
    world.run("chown", "-R", f"{name}:{name}", f"/home/{name}")
