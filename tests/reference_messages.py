"""What happens to the messages of a story's campaign: it comes in, or goes out, by the doors by which it does."""

from reference_facts import ACCEPTING, LINKS, NEGATIVE, POSITIVE, is_on_link, step_of

from odoo.addons.marketing_automation.tests.mail_samples import ANSWER, delivery, feedback, plain, receipt

AWAITED = {**POSITIVE, **NEGATIVE}
# what comes in about a message, as servers write it, and which event that is: None is none
REPORTS = {
    "bounce": (delivery("failed", "5.1.1", "550 5.1.1 No such user"), "bounce"),
    "soft bounce": (delivery("failed", "4.2.2", "452 4.2.2 Mailbox full"), "soft bounce"),
    "delayed": (delivery("delayed", "4.4.1"), None),
    "relayed": (delivery("relayed", "2.1.5"), "sent"),
    "receipt": (receipt("manual-action/MDN-sent-manually; displayed"), "open"),
    "automatic answer": (plain("Away", ANSWER + "Auto-Submitted: auto-replied (vacation)\n"), "automatic answer"),
    "complaint": (feedback("abuse"), "complaint"),
}
MACHINES = {"machine open": "open", "machine click": "click"}


def pick(items, which):
    """Return the one that is meant, by a number of any size or by itself; None where it is not there."""
    items = list(items)
    if not isinstance(which, int):
        return which if which in items else None
    return items[which % len(items)] if items else None


class Messages:
    """The part of a world that is about its messages."""

    def event(self, which, event):
        """An event of a message that was made."""
        chosen = pick(self._messages(), which)
        if chosen:
            self._event(*chosen, event)

    def react(self, which):
        """An event that a step below a message is about."""
        about = [
            (rid, key, self._awaited_by(step))
            for rid, key in self._messages()
            for step in self.plan.steps
            if step.parent == step_of(key)[0] and step.trigger in AWAITED
        ]
        chosen = pick(about, which)
        if chosen:
            self._event(*chosen)

    def _awaited_by(self, step):
        event = AWAITED[step.trigger]
        return next((click for click in LINKS if is_on_link(step.link, click)), event) if step.link else event

    def _messages(self):
        return [
            (rid, key)
            for rid, key, trace, _inside in self._traces()
            if trace.address and (trace.state == "processed" or trace.code == "refused") and not trace.is_withdrawn
        ]

    def _event(self, rid, key, event):
        trace = self.trace(rid, key)
        message = trace.mailing_trace_ids.sorted("id")[-1:].sudo()
        waits = self.model.participants[rid].traces[key].waits_in_queue
        if event == "unsubscribe":
            self._unsubscribe(rid, key, message)
        elif event in REPORTS:
            self._receive(rid, key, event, message)
        else:
            self._record(event, trace)
            self.model.event(self.now, rid, key, "bounce" if event == "untyped bounce" else event)
            if event == "failed" and waits:
                message.set_failed(failure_type="mail_smtp")
            elif event in ACCEPTING and message.trace_status == "error":
                message.set_sent()

    def _record(self, event, trace):
        """The web server, or the mail server, tells of an event."""
        values = {"origin": "machine"} if event in MACHINES else {}
        if event in LINKS:
            values["link_id"] = self.links[event].id
        name = "click" if event in LINKS else "bounce" if event == "untyped bounce" else MACHINES.get(event, event)
        self.env["marketing.trace.event"].record_events(name, trace.ids, "story", date=self.now, **values)

    def _receive(self, rid, key, report, message):
        """A server or a mail program says something of the message."""
        raw, event = REPORTS[report]
        if report == "automatic answer" and rid not in self.model.records:
            return  # answers go to a record
        self.made += 1
        if message.trace_status == "error" and event in ACCEPTING:
            message.set_sent()
        text = raw.format(
            email=message.email,
            to=f"{self.case.alias_catchall}@{self.case.alias_domain}",
            id=f"in-{message.id}-{self.made}",
            subject="About your mail",
            message_id=message.message_id,
        )
        self.env["mail.thread"].message_process(False, text.encode())
        if event == "complaint":
            self.model.complain(self.now, rid, key)
        else:
            self.model.event(self.now, rid, key, event)

    def _unsubscribe(self, rid, key, message):
        """By one click (RFC 8058), whose link is of a step and an address: the last message of the step is meant."""
        if rid not in self.model.records:
            return
        ids = [id_ for of, id_ in self._messages() if of == rid and step_of(id_)[0] == step_of(key)[0]]
        last = {id_: self.trace(rid, id_).mailing_trace_ids.sorted("id")[-1:].sudo() for id_ in ids}
        same = [id_ for id_ in ids if last[id_].email == message.email]
        key = max(same, key=lambda id_: last[id_].id)
        message = last[key]
        if message.trace_status == "error":
            message.set_sent()
        self.env.flush_all()
        self.case.unsubscribe(self.activities[step_of(key)[0]].mass_mailing_id, self.contacts[rid], message.email)
        self.env.invalidate_all()
        lists = self.story.target == "subscriber" and self.model.plan.named not in self.model.lost
        self.model.unsubscribe(self.now, rid, key, lists)

    def _queued(self):
        """Return the messages that wait for the mail server, in the order in which they were made."""
        queued = [(rid, key) for rid, key, trace, _inside in self._traces() if trace.waits_in_queue]
        return sorted(queued, key=lambda chosen: max(self.trace(*chosen).mailing_trace_ids.ids))

    def refuse(self, which):
        """The mail server refuses a message that it has not accepted."""
        chosen = pick(self._queued(), which)
        if chosen:
            self._event(*chosen, "failed")

    def accept_all(self):
        """The queue looks at what waits, and the mail server takes what it hands over."""
        queued = self._queued()
        if queued:
            self._in_transactions(self._withdraw, [self.trace(*chosen).id for chosen in queued])
        for rid, key in queued:
            if self.model.withdraw(self.now, rid, key):
                self._event(rid, key, "sent")

    def _withdraw(self, env, trace_ids):
        env["mail.mail"].search(
            [("marketing_trace_id", "in", trace_ids), ("state", "=", "outgoing")], order="id"
        )._withdraw()
