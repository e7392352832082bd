import { Component } from "@odoo/owl";

import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { deserializeDateTime, toLocaleDateTimeString } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

const EVENT_ICONS = {
    sent: "fa-paper-plane-o",
    failed: "fa-times-circle-o",
    open: "fa-envelope-open-o",
    click: "fa-hand-pointer-o",
    reply: "fa-reply",
    bounce: "fa-undo",
    complaint: "fa-flag-o",
    unsubscribe: "fa-ban",
    auto_answer: "fa-android",
};

/** One step of a participant, and those below it. */
export class TimelineStep extends Component {
    static template = "marketing_automation.TimelineStep";
    static components = { Dropdown, DropdownItem, TimelineStep };
    static props = { step: Object, timeline: Object };

    setup() {
        this.eventIcons = EVENT_ICONS;
    }

    get step() {
        return this.props.step;
    }

    get isBusy() {
        return this.props.timeline.busy === this.step.key;
    }

    get awaited() {
        return this.step.fires.filter((fire) => fire.awaited);
    }

    get others() {
        return this.step.fires.filter((fire) => !fire.awaited);
    }

    get othersLabel() {
        return this.awaited.length ? _t("More") : _t("As if …");
    }

    /** When it was done, is due or is waited for, in words; a step that ended has both dates. */
    get when() {
        const { state, due, done, until, since } = this.step;
        if (since) {
            return due
                ? _t("Waiting since %(since)s, until %(until)s at most", {
                      since: this.format(since),
                      until: this.format(due),
                  })
                : _t("Waiting since %s", this.format(since));
        }
        if (state === "scheduled") {
            return this.props.timeline.isTest
                ? _t("Without a test: on %s", this.format(due))
                : _t("Due on %s", this.format(due));
        }
        if (done) {
            return state === "processed" ? _t("Done on %s", this.format(done)) : _t("Ended on %s", this.format(done));
        }
        if (until) {
            return state === "waiting"
                ? _t("Until %s", this.format(until))
                : _t("Was waited for until %s", this.format(until));
        }
        return due ? _t("Due on %s", this.format(due)) : "";
    }

    get attempt() {
        return this.step.attempt > 1 ? _t("Attempt %s", this.step.attempt) : "";
    }

    format(date) {
        return date ? toLocaleDateTimeString(deserializeDateTime(date)) : "";
    }

    /** A name for a button that says of which step it is, beginning with what it shows. */
    label(words) {
        return _t("%(words)s: %(step)s", { words, step: this.step.name });
    }

    get runLabel() {
        return this.label(_t("Run"));
    }

    get retryLabel() {
        return this.label(_t("Retry"));
    }
}
