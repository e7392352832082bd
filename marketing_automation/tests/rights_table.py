"""Who may set which field and call which method, stated for all of them; whatever is not stated is refused.

A test of each addon walks all fields and methods that the addon adds (``test_rights_table.py``): one that is new and
stated nowhere fails it. What is stated for marketing users holds for administrators of Marketing Automation too. All
of it holds for the records of one's own companies alone, and for dialogs (``marketing.campaign.…``) for one's own.
"""

from types import SimpleNamespace

# Fields of our models that marketing users set, with a value to try. A value may be a function of the test.
USER_FIELDS = {
    "marketing.campaign": {
        "name": "Other",
        "active": False,
        "user_id": lambda test: test.marketer.id,
        "company_id": lambda test: test.env.company.id,
        "tag_ids": [(5,)],
        "color": 3,
        "model_id": lambda test: test.model_partner.id,
        "domain": "[]",
        "mailing_filter_id": False,
        "unique_field_id": lambda test: test.env["ir.model.fields"]._get("res.partner", "email").id,
        "unique_by": "email",
        "leave_on_mismatch": False,
        "reentry": "restart",
        "reentry_delay_number": 3,
        "reentry_delay_unit": "weeks",
        "reentry_limit": 2,
        "count_machine_opens": True,
        "marketing_activity_ids": [(0, 0, {"name": "More", "activity_type": "action"})],
        "hourly_limit": 100,
        "warm_up": True,
        "warm_up_start": 10,
        "warm_up_growth": 20,
        "entry_ids": [(0, 0, {"entry_type": "filter"})],
    },
    "marketing.activity": {
        "name": "Other",
        "active": True,
        "sequence": 3,
        "campaign_id": lambda test: test.campaign.id,
        "parent_id": False,
        "child_ids": [(5,)],
        "activity_type": "action",
        "mass_mailing_id": False,
        "server_action_id": False,
        "trigger_type": "begin",
        "bounce_type": "hard",
        "link_filter": "offer",
        "interval_number": 3,
        "interval_type": "days",
        "validity_duration": True,
        "validity_duration_number": 3,
        "validity_duration_type": "days",
        "activity_domain": "[('name', '!=', False)]",
        "condition_domain": "[('name', '!=', False)]",
        "condition_behavior": {"lines": [{"event": "click", "link": "offer"}]},
        "branch_ids": [(5,)],
        "branch_id": False,
        "end_reason": "Became a customer",
        "jump_activity_id": False,
        "jump_limit": 3,
        "update_field": "name",
        "update_operation": "clear",
        "update_value": "Other",
        "update_source": "email",
        "list_operation": "off",
        "mailing_list_id": False,
        "person_ids": lambda test: [(6, 0, test.marketer.ids)],
        "whom": "record",
        "assign_replace": True,
        "task_type_id": False,
        "task_summary": "Call",
        "task_note": "About the offer",
        "task_days": 3,
        "notify_text": "Look",
        "wait_type": "date",
        "wait_domain": "[('name', '!=', False)]",
        "wait_date_field_id": lambda test: test.env["ir.model.fields"]._get("res.partner", "create_date").id,
        "wait_date_field": "create_date",
        "wait_offset_number": 3,
        "wait_offset_unit": "weeks",
        "wait_offset_direction": "after",
        "wait_time": 8.5,
        "wait_weekday": "3",
        "wait_event": "reply",
        "wait_limit_number": 4,
        "wait_limit_unit": "days",
    },
    "marketing.activity.branch": {
        "activity_id": lambda test: test.action.id,
        "sequence": 3,
        "name": "Other",
        "weight": 70,
    },
    "marketing.entry": {
        "webhook_create": True,
        "campaign_id": lambda test: test.campaign.id,
        "sequence": 3,
        "active": False,
        "entry_type": "filter",
        "date_field_id": lambda test: test.env["ir.model.fields"]._get("res.partner", "create_date").id,
        "date_field": "create_date",
        "offset_number": 3,
        "offset_unit": "weeks",
        "offset_direction": "after",
        "time_of_day": 8.5,
    },
    "marketing.campaign.enroll": {
        "model_name": "res.partner",
        "res_ids": lambda test: test.contacts.ids,
        "campaign_id": lambda test: test.campaign.id,
        "state": "choose",
        "enrolled_count": 0,
        "line_ids": [(5,)],
    },
    "marketing.campaign.enroll.line": {
        "enroll_id": lambda test: test.records["marketing.campaign.enroll"].id,
        "reason": "busy",
        "res_ids": lambda test: test.contacts.ids,
    },
    "marketing.campaign.start": {"campaign_id": lambda test: test.campaign.id, "let_finish": False, "past_days": 2},
    "marketing.campaign.test": {
        "campaign_id": lambda test: test.campaign.id,
        "res_id": lambda test: test.contacts[0].id,
        "resource_ref": lambda test: f"res.partner,{test.contacts[0].id}",
        "is_asked": False,
        "confirmed": True,
    },
    "marketing.sample": {
        "mailing_id": lambda test: test.records["marketing.sample"].mailing_id.id,
        "res_id": lambda test: test.contacts[0].id,
        "resource_ref": lambda test: f"res.partner,{test.contacts[0].id}",
        "recipient": "me@marketing.example.com",
    },
    "marketing.campaign.update": {
        "campaign_id": lambda test: test.campaign.id,
        "line_ids": [(5,)],
        "leave_count": 0,
        "return_count": 0,
        "again_count": 0,
        "late_count": 0,
        "late": "run",
        "change_text": "",
    },
    "marketing.campaign.update.line": {
        "wizard_id": lambda test: test.records["marketing.campaign.update"].id,
        "activity_id": lambda test: test.action.id,
        "new_count": 0,
        "late_count": 0,
        "rescheduled_count": 0,
        "canceled_count": 0,
    },
}
# Fields of our models that nobody sets: what the engine and the buttons write, and what is computed.
ENGINE_FIELDS = {
    "marketing.campaign": {
        *("state", "stop_date", "stop_reason", "run_as_id", "tz", "utm_campaign_id", "model_name", "workflow"),
        *("last_sync_date", "update_job", "participant_ids", "mailing_ids", "mailing_filter_domain"),
        *("mailing_filter_count", "require_sync", "workflow_cards", "running_participant_count"),
        *("completed_participant_count", "total_participant_count", "test_participant_count", "has_results"),
        *("link_tracker_click_count", "mailing_count", "error_count", "success_rate", "warning_text"),
        *(
            "unique_field_name",
            "is_unicity_lost",
            "unicity_salt",
            "warm_up_date",
            "warm_up_text",
            "failed_job",
            "failure_count",
            "last_error",
        ),
        *("last_error_date", "last_error_traceback", "waiting_text", "wait_look_date", "people_count", "reentry_text"),
        *("may_go_on", "held_up_count", "held_up_date"),
    },
    "marketing.entry.call": {"entry_id", "minute", "number"},
    "marketing.entry.request": {
        *("campaign_id", "res_id", "operation", "source", "date", "entry_id", "model_name"),
        "transaction_key",
    },
    "marketing.activity": {
        *("campaign_state", "model_id", "model_name", "domain", "trace_ids", "processed", "rejected"),
        *("scheduled_count", "error_count", "total_sent", "total_open", "total_click", "total_reply", "total_bounce"),
        *("total_complaint", "total_unsubscribe", "total_machine_open", "total_machine_click", "total_waiting"),
        *("statistics_graph_data", "sends_message", "trigger_label", "sentence", "interval_error", "validity_error"),
        "wait_warning",
        *(
            "may_be_followed",
            "branch_weights",
            "allowed_trigger_types",
            "offered_action_ids",
            "unoffered_actions",
            "action_description",
        ),
        *("update_choices", "update_problem", "discard_date", "behavior_steps", "link_choices", "awaits_click"),
    },
    "marketing.activity.branch": {"share"},
    "marketing.entry": {
        "model_name",
        "sentence",
        "problem",
        "has_time",
        "start_date",
        "look_date",
        "token",
        "token_hash",
        "webhook_url",
    },
    "marketing.participant": {
        *("campaign_id", "model_name", "res_id", "resource_ref", "run", "state", "is_test", "unicity_key", "source"),
        *(
            "date_start",
            "date_end",
            "end_code",
            "end_params",
            "end_reason",
            "trace_ids",
            "summed_date",
            "timeline_data",
        ),
        *("wait_text", "is_outside", "test_hint", "entry_id", "entry_key"),
        *("is_past_run", "outside_date", "other_run_count", "run_words", "run_group"),
    },
    "marketing.trace": {
        *("participant_id", "campaign_id", "activity_id", "visit", "res_id", "state", "schedule_date", "done_date"),
        *("sent_date", "wait_until", "attempt", "end_code", "end_params", "state_msg", "parent_id", "child_ids"),
        *("mailing_trace_ids", "event_ids", "is_test", "can_fire", "can_retry", "executing", "branch", "waiting_since"),
    },
    "marketing.trace.event": {
        *("trace_id", "event", "date", "mailing_trace_id", "source", "campaign_id", "activity_id", "participant_id"),
        *("is_test", "consumed", "bounce_type", "origin", "reason", "doubt_until", "link_id", "counted_as"),
    },
    "marketing.trace.figure": {"campaign_id", "activity_id", "metric", "date", "number"},
    "marketing.trace.report": {
        *("trace_id", "campaign_id", "activity_id", "participant_id", "state", "state_msg", "schedule_date"),
        *("done_date", "sent_date", "is_test", "number"),
    },
}
# Fields of dialogs that show what is computed: whatever is put there, for oneself, nothing reads it.
SHOWN_FIELDS = {
    "marketing.campaign.enroll": {"record_count", "campaign_count"},
    "marketing.campaign.enroll.line": {"record_count"},
    "marketing.campaign.start": {
        *("record_count", "enroll_count", "overdue_count", "message_summary", "hourly_limit", "expected_end"),
        *("shared_count", "warm_up_text", "left_out_text", "entry_text", "has_dates", "past_count"),
        *("problem_text", "warning_text", "has_moving_filter", "checklist"),
    },
    "marketing.campaign.test": {
        *("model_id", "model_name", "question", "can_create_me", "create_me_text", "outside_text"),
    },
    "marketing.sample": {"mailing_type", "model_id", "model_name", "subject"},
}
# Fields that we add to models of Odoo's: "engine" as above, whoever may write the rest; "computed", never kept;
# "odoo", with the rest of the record.
FIELDS_ON_ODOO = {
    "ir.actions.server": {
        "marketing_shipped_key": "engine",
        "marketing_shipped_digest": "engine",
        "marketing_description": "computed",
        "marketing_campaign_id": "odoo",
        "marketing_path": "odoo",
        "marketing_notice": "computed",
    },
    "ir.model": {"is_marketing_target": "computed", "is_marketing_choice": "computed"},
    "link.tracker.click": {"link_url": "computed"},
    "mail.mail": {"marketing_trace_id": "engine", "marketing_handover": "engine", "marketing_tries": "engine"},
    "mailing.mailing": {
        "use_in_marketing_automation": "odoo",
        "marketing_confirm_click": "odoo",
        "marketing_confirm_url": "odoo",
        "marketing_text_problem": "computed",
        "marketing_campaign_id": "engine",
        "marketing_editor_id": "engine",
        "marketing_edit_date": "engine",
    },
    "mailing.trace": {"marketing_trace_id": "engine"},
    "res.config.settings": {
        "marketing_automation_action_time_limit": "odoo",
        "marketing_automation_health": "computed",
        "marketing_automation_lanes": "odoo",
        "marketing_automation_lane_warning": "computed",
        "marketing_automation_retention_months": "odoo",
    },
    "utm.campaign": {"marketing_campaign_ids": "engine"},
    "utm.source": {"marketing_mailing_ids": "engine"},
}
# Methods that marketing users call, with arguments to try. All others are private, beside those of every model.
METHODS = {
    "marketing.campaign": {
        "action_clear_workflow": [],
        "action_drop_unicity": [],
        "action_enroll": [[1]],
        "action_launch_test": [],
        "action_open_start": [],
        "action_open_update": [],
        "action_retry_errors": [],
        "action_start_campaign": [],
        "action_stop_campaign": [],
        "action_update_participants": [],
        "action_view_clicks": [],
        "action_view_errors": [],
        "action_view_participants": [],
        "action_view_people": [],
        "action_view_removed": [],
        "action_view_templates": [],
        "action_view_tests": [],
        "create_from_template": ["hot_contacts"],
        "get_campaign_templates": [],
        "get_checklist": [],
        "get_entry_numbers": [],
        "get_past_count": [2],
        "get_setup": [],
        "get_start_preview": [],
        "get_update_preview": [],
        "get_workflow_cards": [],
    },
    "marketing.activity": {
        "action_remove": [],
        "action_retry_errors": [],
        "action_view_errors": [],
        "action_view_records": ["processed"],
        "action_view_left_out": ["mail_bl"],
        "action_paste": [0],
        "get_palette": [],
    },
    "marketing.entry": {"action_renew_token": []},
    "marketing.participant": {
        "action_refresh_test": [],
        "action_remove": [],
        "action_stop_test": [],
        "action_test_again": [],
        "action_view_runs": [],
    },
    "marketing.trace": {"action_fire_event": ["open"], "action_retry": [], "action_run_test": []},
    "marketing.trace.report": {"action_open_trace": []},
    "marketing.campaign.enroll": {"action_enroll": []},
    "marketing.campaign.enroll.line": {"action_view_records": []},
    "marketing.campaign.start": {"action_start": []},
    "marketing.campaign.test": {
        "action_choose_another": [],
        "action_confirm_test": [],
        "action_create_me": [],
        "action_launch_test": [],
    },
    "marketing.campaign.update": {"action_update": []},
    "marketing.sample": {"action_send": []},
}
# Of those, the ones that tell no more than their names do, to whom they are given: windows that Odoo then fills with
# what the caller may see.
WINDOWS = {
    "marketing.campaign": {
        *("action_view_participants", "action_view_removed", "action_view_templates", "action_view_tests"),
        *("action_view_errors", "action_view_clicks", "action_view_people"),
    },
}
# Methods that we add to models of Odoo's, or extend there: each opens a window, or shows what may be read.
METHODS_ON_ODOO = {
    "ir.model": {"name_search"},
    "mailing.mailing": {"action_open_template", "get_marketing_preview"},
}
# On the models of all targets (``marketing.target.mixin``): a number for marketing users, and the window to it.
ON_TARGETS = {"marketing_participant_count", "action_view_marketing_participants"}


def table_of(**stated):
    """Return what an addon beside this one states, by the names above.

    :rtype: types.SimpleNamespace
    """
    names = ("USER_FIELDS", "ENGINE_FIELDS", "SHOWN_FIELDS", "FIELDS_ON_ODOO", "METHODS", "WINDOWS", "METHODS_ON_ODOO")
    return SimpleNamespace(**{**dict.fromkeys(names, {}), "ON_TARGETS": set(), **stated})
