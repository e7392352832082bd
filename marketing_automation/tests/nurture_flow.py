"""A nurture flow of forty steps, as rows of Odoo's import: eight weeks of two lessons each, and a test of two offers.

Pure: the test imports it for hundreds, the benchmark for thousands.
"""

COLUMNS = [
    *("id", "name", "campaign_id/.id", "parent_id/id", "activity_type", "trigger_type", "interval_number"),
    *("interval_type", "server_action_id/.id", "condition_domain", "branch_ids/name"),
    *("branch_ids/weight", "branch_id/.id", "jump_activity_id/id", "jump_limit", "end_reason"),
]
STEPS = 40
WEEKS = 40  # after which everybody is through
OFFER = "nurture.offer"  # whose branches the rows below it need


def make_values(rows):
    """Return rows as ``marketing.activity.load`` takes them."""
    return [[row.get(column, "") for column in COLUMNS] for row in rows]


def make_lessons(campaign_id, action_id):
    """Return the rows of the lessons and of the offer."""
    row = _row_of(campaign_id, action_id)
    rows = [row("lesson0", "Lesson 0", "action", "begin")]
    for week in range(1, 17):
        rows.append(row(f"lesson{week}", f"Lesson {week}", "action", parent=f"lesson{week - 1}", number=3))
        if week <= 9:
            rows.append(row(f"note{week}", f"Note {week}", "action", parent=f"lesson{week}", number=1))
    branches = {"branch_ids__name": "Plain", "branch_ids__weight": 60}
    rows.append(row("offer", "Offer", "split", parent="lesson16", number=2, **branches))
    rows.append({"branch_ids/name": "Discount", "branch_ids/weight": 40})
    return rows


def make_rest(campaign_id, action_id, branches):
    """Return the rows of what follows each offer: a question, reminders, the way round, the ends.

    :param dict branches: the id of each branch of the offer, by its name
    """
    row, rows = _row_of(campaign_id, action_id), []
    for name, branch_id in branches.items():
        of, branch = {"branch_id__.id": branch_id}, name.lower()
        rows.append(row(f"{branch}_offer", f"Offer {branch}", "action", "branch", "offer", **of))
        domain = {"condition_domain": "[('color', '=', 7)]"}
        rows.append(row(f"{branch}_asked", "Bought?", "condition", "activity", f"{branch}_offer", 5, **domain))
        reason = {"end_reason": "Bought"}
        rows.append(row(f"{branch}_won", "Bought", "end", "cond_yes", f"{branch}_asked", **reason))
        for reminder in range(1, 3):
            parent, trigger = f"{branch}_reminder{reminder - 1}", "activity"
            if reminder == 1:
                parent, trigger = f"{branch}_asked", "cond_no"
            rows.append(row(f"{branch}_reminder{reminder}", "Reminder", "action", trigger, parent, 4))
    jump = {"jump_activity_id__id": "nurture.lesson16", "jump_limit": 1}
    rows.append(row("again", "Once more", "jump", parent="discount_reminder2", number=10, **jump))
    rows.append(row("lost", "Lost", "end", parent="plain_reminder2", number=30, end_reason="Not interested"))
    rows.append(row("thanks", "Thank you", "action", parent="lesson16", number=1))
    return rows


def _row_of(campaign_id, action_id):
    """Return what makes a row of the table."""

    def row(key, name, kind, trigger="activity", parent=None, number=0, unit="days", **values):
        return {
            "id": f"nurture.{key}",
            "name": name,
            "campaign_id/.id": campaign_id,
            "parent_id/id": f"nurture.{parent}" if parent else "",
            "activity_type": kind,
            "trigger_type": trigger,
            "interval_number": number,
            "interval_type": unit,
            "server_action_id/.id": action_id if kind == "action" else "",
            **{name.replace("__", "/"): value for name, value in values.items()},
        }

    return row
