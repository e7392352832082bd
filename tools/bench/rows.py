"""What is measured: rows, their sizes, and what each of them means."""

from dataclasses import dataclass

K, M = 1_000, 1_000_000
SMALLEST = 10 * K  # contacts of a database; a row of fewer works with the first of them


@dataclass(frozen=True)
class Row:
    """:ivar measure: "module:function" of this package
    :ivar explanation: what is measured, and beside what
    :ivar sizes: participants, or finished participants, of a full run; quick: of --quick
    :ivar finished: whether it works beside participants who have finished
    :ivar hosted: whether it starts the processes of its Odoo itself
    :ivar alone_from: from this size on Odoo's own would take hours: ours alone is measured
    :ivar crowds: how many workers side by side
    """

    key: str
    measure: str
    explanation: str
    sizes: tuple
    quick: tuple
    finished: bool = False
    hosted: bool = False
    alone_from: int = 0
    crowds: tuple = ()

    def contacts(self, size):
        """:return: of the database in which a size is measured"""
        return max(size, SMALLEST)

    def parameters(self, size, quick):
        """:return: what the measure gets besides size and runs"""
        if self.crowds:
            return {"crowds": self.crowds[:2] if quick else self.crowds}
        return {"compared": size < self.alone_from} if self.alone_from else {}


ROWS = [
    Row(
        "enrolment",
        "enrolment:measure",
        "Start and the enrolment cron, for a campaign of one step: contacts that match become participants, each with "
        "its first trace. Beside one bare INSERT … SELECT of the same rows into the same tables with their indexes, "
        "in one transaction: what PostgreSQL itself takes. A ratio of 0.33 is three times that. "
        "Then the cron once more, with nobody new: what each of its runs costs.",
        (10 * K, 100 * K, M),
        (10 * K,),
    ),
    Row(
        "no-op",
        "actions:no_op",
        "Executing a server action that does nothing (Python code: pass), once for each participant. Beside Odoo's "
        "automation rule “Based on date field” with the same action on the same contacts. Our own share is what is "
        "left without the call of the actions themselves.",
        (K, 10 * K, 100 * K),
        (K,),
        alone_from=100 * K,
    ),
    Row(
        "update",
        "actions:update_record",
        "The same with an action Update Record that writes a new value to a field of the contact. Odoo's rule does all "
        "in one transaction and one ever-growing environment, so its time is quadratic; beyond 10 000 it is left out.",
        (K, 10 * K, 100 * K),
        (500,),
        alone_from=100 * K,
    ),
    Row(
        "set-field",
        "actions:set_field",
        "A step that sets a field of the contact to a new value, one write for a batch. Beside a server action Update "
        "Record on the same field, once for each participant, in the same campaign engine.",
        (K, 10 * K, 100 * K),
        (K,),
    ),
    Row(
        "condition",
        "logic:condition",
        "Passing a condition on the record, by its own query, to a step that is due a month later. Beside executing an "
        "action that does nothing, for as many contacts.",
        (10 * K, 100 * K),
        (K,),
    ),
    Row(
        "behaviour",
        "logic:behaviour",
        "The same for a condition on what participants did with their messages.",
        (10 * K, 100 * K),
        (K,),
    ),
    Row(
        "wait-passes",
        "logic:wait_that_passes",
        "The same for a wait for what is true already.",
        (10 * K, 100 * K),
        (K,),
    ),
    Row(
        "split",
        "logic:split",
        "Passing a split with two branches, each to a step that is due a month later. Beside executing an action that "
        "does nothing, for as many contacts.",
        (10 * K, 100 * K),
        (K,),
    ),
    Row(
        "jump",
        "logic:jump",
        "Passing Go to, which gives each participant another visit of the step that it leads to, and that step, an "
        "End: two steps each. Beside executing an action that does nothing, for as many contacts.",
        (10 * K, 100 * K),
        (K,),
    ),
    Row(
        "wait",
        "logic:wait",
        "A look at all who wait until their record matches a filter, as each enrolment and every five minutes bring "
        "it: nobody matches, then one in a thousand.",
        (10 * K, 100 * K, M),
        (10 * K,),
    ),
    Row(
        "dates",
        "dates:measure",
        "Who enters by a date: finding those who are due today among so many contacts with a date each, one in a "
        "thousand, and a look that finds nobody; for a date and for an anniversary, with an index of the dates.",
        (100 * K, M),
        (10 * K,),
    ),
    Row(
        "forecast",
        "forecast:measure",
        "The forecast of a draft of eight steps, for an audience of so many contacts.",
        (10 * K, 100 * K, M),
        (10 * K,),
    ),
    Row(
        "imports",
        "imports:measure",
        "An import of so many contacts by Odoo's load(), in one transaction, while a campaign waits for new contacts, "
        "a change of their phone and a tag. Beside the same import in the same process without our hooks on create, "
        "write and stored computed fields.",
        (10 * K,),
        (K,),
    ),
    Row(
        "email",
        "messages:emails",
        "An email with a name and two tracked links: prepared (rendered, queued, and the traces moved), then sent by "
        "Odoo's mail queue, with a mail server that takes everything at once. Beside Odoo's own mailing of the same "
        "content to the same contacts, with the same mail server.",
        (K, 10 * K),
        (300,),
    ),
    Row(
        "wire",
        "messages:wire",
        "The same email to a real mail server (aiosmtpd, in a process of its own) that takes everything: with building "
        "and serialising each message and the whole exchange. “On a processor” is what this process takes, user and "
        "system, without PostgreSQL's and the mail server's: it hardly depends on what else the machine does.",
        (K, 10 * K),
        (300,),
    ),
    Row(
        "sms",
        "messages:texts",
        "The same for an SMS with a name and a tracked link, and a provider that takes everything at once.",
        (K, 10 * K),
        (300,),
    ),
    Row(
        "pressure",
        "pressure:measure",
        "What a limit of messages to one address adds to an email: taking its place as it is prepared, in a database "
        "where so many addresses got one lately. On a processor of this process, and in the database.",
        (10 * K, 100 * K, M),
        (10 * K,),
    ),
    Row(
        "goal",
        "goal:measure",
        "The enrolment cron where all are inside, with a goal that one in a hundred has reached just now. Beside the "
        "same without a goal.",
        (10 * K, 100 * K),
        (10 * K,),
    ),
    Row(
        "queries",
        "queries:measure",
        "Queries of enrolment, of executing a no-op action and of preparing an email for 50, 500 and 5 000 contacts: "
        "the slope says what one participant more costs, a total would hide it.",
        (10 * K,),
        (10 * K,),
    ),
    Row(
        "memory",
        "memory:measure",
        "The most memory that the process ever had, after enrolment and execution of a no-op action for everybody.",
        (10 * K, 100 * K, M),
        (10 * K,),
    ),
    Row(
        "workers",
        "workers:measure",
        "Processes as Odoo's cron workers are, on one campaign of an Update Record action, begun at once; until the "
        "last one has ended. Beside one worker alone. PostgreSQL needs its share of the processors too.",
        (10 * K,),
        (2 * K,),
        hosted=True,
        crowds=(1, 2, 3),
    ),
    Row(
        "condition-workers",
        "workers:conditions",
        "Processes as Odoo's cron workers are, on one campaign of a condition, to a step that is due a month later; "
        "until the last one has ended. Beside one worker alone.",
        (100 * K,),
        (10 * K,),
        hosted=True,
        crowds=(1, 2),
    ),
    Row(
        "lanes",
        "workers:lanes",
        "Processes as Odoo's cron workers are, that send one campaign's emails (as of row “wire”) to a real mail "
        "server, begun at once; until the last one has ended. Beside one alone. PostgreSQL and the mail server need "
        "their share of the processors too; “ms each on a processor” is what the lanes take, all together.",
        (K, 10 * K),
        (600,),
        hosted=True,
        crowds=(1, 2),
    ),
    Row(
        "nurture",
        "nurture:measure",
        "A nurture flow of forty steps (lessons, a split, conditions, Go to, End), each week's run until everybody is "
        "through: how many steps a second. Beside one action that does nothing, for as many contacts.",
        (10 * K,),
        (K,),
    ),
    Row(
        "idle",
        "idle:measure",
        "A run of the execution cron with nothing due, beside so many participants who have finished.",
        (10 * K, 100 * K, M),
        (10 * K,),
        finished=True,
    ),
    Row(
        "events",
        "events:measure",
        "An open and a click, each in its own transaction, beside the same for a message of Odoo's own mailing, in a "
        "database with so many finished participants. “ms added” is what our hooks cost.",
        (10 * K, 100 * K, M),
        (10 * K,),
        finished=True,
    ),
    Row(
        "screens",
        "screens:measure",
        "What the web client calls to open the campaign's form, the two reports and their lists, over HTTP, in a "
        "database with so many finished participants.",
        (10 * K, 100 * K, M),
        (10 * K,),
        finished=True,
        hosted=True,
    ),
    Row(
        "frames",
        "frames:measure",
        "Panning and dragging in a real Chromium over a workflow of so many cards, 1400 pixels wide: the median time "
        "of a frame. Chromium makes 60 a second at most, each of 16.7 ms.",
        (300,),
        (300,),
        hosted=True,
    ),
]
