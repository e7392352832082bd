#!/bin/sh
# maildrop's mailbot: the feedback report (a complaint, RFC 5965) that it writes never says what the complaint is.
#
# Guess: "mailbot -T feedback -R abuse" writes "Feedback-Type: abuse", as the manual's words on -R say, and as RFC 5965
# section 3.1 requires of each report, beside User-Agent and Version.
# Seen (maildrop 2.9.3-2.1 of Debian 12): the part message/feedback-report has Arrival-Date, User-Agent and Version alone,
# with each of the types that -R takes, and without -R.
# This matters to whatever reads complaints: a reader that wants a type to tell "abuse" from "not-spam" takes such a
# complaint for none. The report also calls itself automatic (Auto-Submitted: auto-replied, Precedence: junk).
# Fails if the behaviour changes. Runs on Debian 12, as any user.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -q -q download maildrop=2.9.3-2.1 libcourier-unicode4=2.1.2-2+b2 libidn12=1.41-1 2>/dev/null
for package in *.deb; do
    dpkg -x "$package" root
done
libraries=$(find "$folder/root" -name "*.so.*" -printf '%h:' | sort -u)
printf 'This is spam.\n' >text
cat >complained <<'MAIL'
From: News <news@sender.example>
To: ann@recipient.example
Subject: Offers
Message-ID: <1@sender.example>
Date: Fri, 27 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain

Hello Ann
MAIL
report() {
    LD_LIBRARY_PATH=$libraries root/usr/bin/mailbot -T feedback "$@" -t text -c utf-8 \
        -A "From: desk@provider.example" cat <complained
}
for type in "" abuse fraud other virus; do
    report ${type:+-R "$type"} >written
    grep -q "report-type=feedback-report" written
    # the fields of the report itself
    sed -n '/^Content-Type: message\/feedback-report/,/^--/p' written | grep -E '^[A-Z][A-Za-z-]*: ' |
        cut -d: -f1 | grep -v '^Content-' | sort | tr '\n' ' ' >fields
    echo "-R ${type:-(none)}: $(cat fields)"
    test "$(cat fields)" = "Arrival-Date User-Agent Version "
done
echo "as described: no Feedback-Type, whatever -R says"
