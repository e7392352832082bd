#!/bin/sh
# GNU mailutils' sieve: the answer of its "vacation" does not say that a machine wrote it.
#
# Guess: it has "Auto-Submitted: auto-replied", which RFC 5230 (section 5.6) demands of each answer of "vacation", as
# Pigeonhole's has it; or at least a Precedence, as vacation(1) and procmail's recipes write.
# Seen (mailutils 1:3.15-4 of Debian 12): the headers are MIME-Version, Content-Type, Content-Transfer-Encoding, To,
# Subject ("Re: …" of the mail), In-Reply-To (in the old form "Your message of …") and References. It reads like an
# answer that a person wrote in a mail program.
# This matters to whatever waits for replies, as a campaign's "Replied" does: nothing in the message tells this answer
# from a person's.
# Fails if the behaviour changes. Runs on Debian 12, as any user.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -q -q download mailutils=1:3.15-4 libmailutils9=1:3.15-4 libgsasl18=2.2.0-1+deb12u2 libntlm0=1.6-4 \
    libltdl7=2.4.7-7~deb12u1 libidn12=1.41-1 libmariadb3=1:10.11.19-0+deb12u1 libfribidi0=1.0.8-2.1 \
    libgssglue1=0.7-1.1 2>/dev/null
for package in *.deb; do
    dpkg -x "$package" root
done
libraries=$(find "$folder/root" -name "*.so.*" -printf '%h:' | sort -u)
modules=$(dirname "$(find "$folder/root" -name vacation.so)")
printf '#!/bin/sh\ncat >"%s/answer"\n' "$folder" >send
chmod +x send
cat >mailbox <<'MAIL'
From ann@sender.example Fri Nov 27 10:00:00 2026
From: Ann <ann@sender.example>
To: bob@recipient.example
Subject: Hello
Message-ID: <1@sender.example>
Date: Fri, 27 Nov 2026 10:00:00 +0000

Hello Bob
MAIL
printf 'require "vacation";\nvacation :days 1 "I am away.";\n' >away.sieve
HOME=$folder LD_LIBRARY_PATH=$libraries root/usr/bin/sieve --no-config --libdir="$modules" \
    --mailer="sendmail:$folder/send" --mbox-url="$folder/mailbox" --email=bob@recipient.example away.sieve
cat answer
echo
grep -q '^I am away\.' answer
grep -q '^References: <1@sender.example>' answer
if grep -qiE '^(Auto-Submitted|Precedence|X-Auto-Response-Suppress|X-Autoreply|X-Autorespond)' answer; then
    echo "the answer says now that a machine wrote it"
    exit 1
fi
echo "as described: nothing says that a machine wrote it"
