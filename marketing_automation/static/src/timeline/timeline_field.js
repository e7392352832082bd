import { Component, useExternalListener, useRef, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { useLiveRefresh } from "../live";
import { TimelineStep } from "./timeline_step";

const EMPTY = { is_test: false, can_write: false, is_paused: false, steps: [], earlier: 0 };

/**
 * The steps of one participant as a tree, on its form: what happened, what is due when, what
 * it still waits for. Of a test, each step that is due has its Run button, and what others
 * wait for can be fired by hand.
 */
export class TimelineField extends Component {
    static template = "marketing_automation.TimelineField";
    static components = { TimelineStep };
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.root = useRef("root");
        this.state = useState({ busy: false, message: "" });
        // who comes back from the test's mail sees what the click in it did
        useExternalListener(document, "visibilitychange", () => this.refresh());
        useLiveRefresh(() => this.isLive(this.data.steps) && this.refresh());
    }

    get data() {
        return this.props.record.data[this.props.name] || EMPTY;
    }

    /** What the steps share. */
    get timeline() {
        return {
            isTest: this.data.is_test,
            canAct: this.data.can_write,
            busy: this.state.busy,
            open: (step) => this.open(step),
            run: (step, ...branch) => this.act(step, "action_run_test", ...branch),
            retry: (step) => this.act(step, "action_retry"),
            fire: (step, event) => this.act(step, "action_fire_event", event),
        };
    }

    /** Do something with a step, show what came of it, and stay there. */
    async act(step, method, ...args) {
        if (this.state.busy) {
            return; // a double click runs a step once
        }
        this.state.busy = step.key;
        try {
            const done = this.orm.call("marketing.trace", method, [[step.trace_id], ...args]);
            await done.finally(() => this.props.record.load());
        } finally {
            this.state.busy = false;
        }
        this.announce(step.key);
    }

    announce(key) {
        const step = this.find(this.data.steps, key);
        if (step) {
            this.state.message = [step.name, step.state_label, step.reason].filter(Boolean).join(", ");
            this.root.el?.querySelector(`[data-key="${key}"] .o_marketing_timeline_name`)?.focus();
        }
    }

    find(steps, key) {
        for (const step of steps) {
            const found = step.key === key ? step : this.find(step.children, key);
            if (found) {
                return found;
            }
        }
        return null;
    }

    /** Whether something may still happen to one of the steps, or below it. */
    isLive(steps) {
        return steps.some((step) => ["scheduled", "waiting"].includes(step.state) || this.isLive(step.children));
    }

    /** Show what happened meanwhile; of a test, take it into account first: no scheduled action does. */
    async refresh() {
        if (this.state.busy || document.visibilityState !== "visible") {
            return;
        }
        const { is_test, can_write } = this.data;
        try {
            if (is_test && can_write) {
                await this.orm.silent.call("marketing.participant", "action_refresh_test", [[this.props.record.resId]]);
            }
            await this.props.record.load();
        } catch {
            // no connection, or no longer there: the next time will tell
        }
    }

    get earlierLabel() {
        const { earlier } = this.data;
        return earlier === 1 ? _t("Show the earlier step") : _t("Show %s earlier steps", earlier);
    }

    openEarlier() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("All Steps"),
            res_model: "marketing.trace",
            domain: [["participant_id", "=", this.props.record.resId]],
            views: [
                [false, "list"],
                [false, "form"],
            ],
        });
    }

    open(step) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: step.name,
            res_model: "marketing.trace",
            res_id: step.trace_id,
            views: [[false, "form"]],
        });
    }
}

registry.category("fields").add("marketing_timeline", {
    component: TimelineField,
    displayName: _t("Timeline of a participant"),
    supportedTypes: ["json"],
    isEmpty: () => false,
});
