// Mails as a program reads them that has nothing in common with Python's email package: paths in, JSON out.
import { readFile } from "node:fs/promises";
import process from "node:process";

import { simpleParser } from "mailparser";

const read = async (path) => {
    const { headerLines, headers, ...mail } = await simpleParser(await readFile(path), { skipHtmlToText: true });
    return {
        names: headerLines.map((line) => line.key),
        lists: headers.get("list") ?? {},
        from: mail.from?.value,
        to: mail.to?.value,
        replyTo: mail.replyTo?.value,
        subject: mail.subject,
        date: mail.date,
        messageId: mail.messageId,
        inReplyTo: mail.inReplyTo,
        references: mail.references,
        text: mail.text,
        html: mail.html,
        attachments: mail.attachments.length,
    };
};

process.stdout.write(JSON.stringify(await Promise.all(process.argv.slice(2).map(read))));
