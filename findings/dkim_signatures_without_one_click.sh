#!/bin/sh
# DKIM signers: what makes an unsubscription one click is not signed, unless somebody asks for it.
#
# Guess: whatever signs mails today signs List-Unsubscribe-Post as it signs List-Unsubscribe. RFC 8058 (of January 2017),
# section 4, wants both in the signature: a mailbox provider shows its "Unsubscribe" button for a mail only where they are.
# Seen (dkimpy 1.1.8, nodemailer 7.0.11, Perl's Mail::DKIM 1.20230212): with their defaults, "h=" of a mail that has both
# names list-unsubscribe and not list-unsubscribe-post. The signature is valid; the button is missing.
# This matters to whoever sends mailings: the headers leave as they should, and what signs them on the way decides.
# Fails if the behaviour changes. Runs on Debian 12 with Node, as any user.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
openssl genrsa -out key.pem 2048 2>/dev/null
printf '%s\r\n' 'From: news@sender.example' 'To: ann@recipient.example' 'Subject: Offers' \
    'Date: Sat, 28 Nov 2026 07:00:00 +0000' 'Message-ID: <1@sender.example>' \
    'List-Unsubscribe: <https://sender.example/u/1>' 'List-Unsubscribe-Post: List-Unsubscribe=One-Click' '' 'Hello' >mail

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check "dkimpy==1.1.8"
venv/bin/python -c '
import dkim

with open("mail", "rb") as mail, open("key.pem", "rb") as key:
    print(dkim.sign(mail.read(), b"s", b"sender.example", key.read()).decode())
' >dkimpy

npm install --silent --no-audit --no-fund "nodemailer@7.0.11" >/dev/null
node -e '
const privateKey = require("fs").readFileSync("key.pem", "utf8");
const dkim = {domainName: "sender.example", keySelector: "s", privateKey};
require("nodemailer").createTransport({streamTransport: true, buffer: true, dkim}).sendMail({
    from: "news@sender.example", to: "ann@recipient.example", subject: "Offers", text: "Hello",
    headers: {"List-Unsubscribe": "<https://sender.example/u/1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
}, (error, info) => console.log(error || info.message.toString()));
' >nodemailer

apt-get -q -q download libmail-dkim-perl=1.20230212-2~deb12u1 libmailtools-perl=2.21-2 libnet-dns-perl=1.36-1+deb12u1 \
    libcrypt-openssl-rsa-perl=0.33-3+b1 libcrypt-openssl-bignum-perl=0.09-2+b1 libtimedate-perl=2.3300-2 2>/dev/null
for package in *.deb; do
    dpkg -x "$package" root
done
PERL5LIB=root/usr/share/perl5:$(echo root/usr/lib/*/perl5/*) perl -e '
use Mail::DKIM::Signer;
my $signer = Mail::DKIM::Signer->new(
    Algorithm => "rsa-sha256", Method => "relaxed", Domain => "sender.example", Selector => "s", KeyFile => "key.pem");
open my $mail, "<", "mail";
$signer->PRINT($_) while <$mail>;
$signer->CLOSE;
print $signer->signature->as_string, "\n";
' >mail_dkim

for signer in dkimpy nodemailer mail_dkim; do
    signed=$(tr -d ' \r\n' <"$signer" | grep -o '[;.]h=[^;]*' | head -n 1 | tr 'A-Z:' 'a-z\n')
    echo "$signer: $(echo "$signed" | grep -c '^list-unsubscribe$') $(echo "$signed" | grep -c '^list-unsubscribe-post$' || true)"
done >found
cat found
[ "$(cut -d: -f2 found | sort -u)" = " 1 0" ]
echo "as seen: List-Unsubscribe is signed, List-Unsubscribe-Post is not"
