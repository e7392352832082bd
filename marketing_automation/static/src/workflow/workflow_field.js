import { Component, useEffect, useRef, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { deserializeDateTime, toLocaleDateTimeString } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { formatInteger } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";

import { CampaignTemplateCards } from "../campaign_templates/campaign_templates";
import { useLiveRefresh } from "../live";
import { Checklist } from "../mail_preview/checklist";
import { getFaultContext, openTemplateEditor } from "../mail_preview/template_editor";
import { doReturnedAction } from "../returned_action";
import { arrangeWorkflow } from "./workflow_layout";
import { WorkflowNode } from "./workflow_node";

const EMPTY = { cards: [], errors: [], participants: {}, can_write: true, state: "draft" };

/**
 * The workflow of a campaign as a tree of cards, on its form.
 *
 * It comes with the form's record; while the campaign runs it asks for new numbers by itself,
 * by one call for all cards.
 */
export class WorkflowField extends Component {
    static template = "marketing_automation.WorkflowField";
    static components = { CampaignTemplateCards, Checklist, WorkflowNode };
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.orm = useService("orm");
        this.formatInteger = formatInteger;
        this.root = useRef("root");
        this.isFormStale = false;
        this.state = useState({ data: EMPTY, period: "month", width: browser.innerWidth, showsChecklist: false });
        useRecordObserver((record) => {
            this.state.data = record.data[this.props.name] || EMPTY;
            this.showNumbersAfterStart(record.resId);
            if (this.state.period !== "month") {
                this.refresh();
            }
        });
        useEffect(
            () => {
                const observer = new ResizeObserver(([entry]) => (this.state.width = entry.contentRect.width));
                observer.observe(this.root.el);
                return () => observer.disconnect();
            },
            () => []
        );
        useLiveRefresh(() => this.refreshWhenLive());
    }

    // ------------------------------------------------------------
    // What the template reads
    // ------------------------------------------------------------

    get data() {
        return this.state.data;
    }

    get tree() {
        return arrangeWorkflow(this.data.cards, this.state.width);
    }

    /** What the cards share. */
    get workflow() {
        const { data } = this;
        return {
            canEdit: data.can_write,
            canRetry: data.can_write && data.state === "running",
            modelName: data.model_name,
            firstDay: data.first_day,
            lastDay: data.last_day,
            edit: (card) => this.edit(card),
            editMail: (card) => this.editMail(card),
            remove: (card) => this.remove(card),
            addChild: (card, triggerType, values) => this.add(card, triggerType, values),
        };
    }

    /** How many things are to be looked at in the messages before Start. */
    get checkCount() {
        return (this.data.checklist || []).reduce((sum, { checks }) => sum + checks.length, 0);
    }

    get checklistLabel() {
        return this.checkCount === 1
            ? _t("1 thing to look at before Start")
            : _t("%s things to look at before Start", this.checkCount);
    }

    get nextDue() {
        return toLocaleDateTimeString(deserializeDateTime(this.data.next_due), { showSeconds: false });
    }

    get somebodyWaits() {
        return Boolean(this.data.participants.completed) && this.data.cards.some((card) => card.waiting);
    }

    get participantsLabel() {
        const { total } = this.data.participants;
        return total === 1 ? _t("1 participant") : _t("%s participants", formatInteger(total));
    }

    get removedLabel() {
        const count = this.data.removed_count;
        return count === 1
            ? _t("1 removed activity with a history")
            : _t("%s removed activities with a history", formatInteger(count));
    }

    // ------------------------------------------------------------
    // Numbers
    // ------------------------------------------------------------

    async refreshWhenLive() {
        if (this.data.state === "running" && document.visibilityState === "visible") {
            await this.refresh();
        }
    }

    async refresh() {
        const { resId } = this.props.record;
        const { period } = this.state;
        let data;
        try {
            data = await this.orm.silent.call("marketing.campaign", "get_workflow_cards", [[resId], period]);
        } catch {
            return; // no connection, or no longer there: the next look will tell
        }
        if (resId === this.props.record.resId && period === this.state.period) {
            this.isFormStale ||= this.getHeadline(data) !== this.getHeadline(this.state.data);
            this.state.data = data;
            await this.refreshForm();
        }
    }

    /** The form's own buttons and numbers tell what the cards tell; but nothing that is being typed is lost. */
    async refreshForm() {
        if (this.isFormStale && !this.props.record.dirty) {
            this.isFormStale = false;
            await this.props.record.load();
        }
    }

    /** What the form shows above the workflow as well. */
    getHeadline({ state, participants, errors }) {
        return JSON.stringify([state, participants.total, errors]);
    }

    /** Whoever has just started the campaign wants to see its numbers, which may be far below. */
    showNumbersAfterStart(resId) {
        const { state } = this.data;
        const { seen } = this;
        this.seen = { resId, state };
        if (seen?.resId === resId && seen.state !== "running" && state === "running") {
            this.root.el?.scrollIntoView({ behavior: "smooth" });
        }
    }

    setPeriod(period) {
        this.state.period = period;
        return this.refresh();
    }

    // ------------------------------------------------------------
    // Editing
    // ------------------------------------------------------------

    get isNew() {
        return !this.props.record.resId;
    }

    /** Save what was typed in the form, since an activity needs its campaign. */
    async save() {
        if (this.isNew && !(this.props.record.data.name || "").trim()) {
            await this.props.record.update({ name: _t("Untitled campaign") });
        }
        return this.props.record.save();
    }

    /**
     * Open the dialog of a new activity.
     *
     * @param {object} [parent] the card that it follows
     * @param {string} [triggerType]
     * @param {object} [values] more of it, as which branch it follows
     */
    async add(parent, triggerType, values = {}) {
        if (!(await this.save())) {
            return;
        }
        const sequences = this.data.cards.length;
        this.openDialog(parent ? _t("Add Child Activity to “%s”", parent.name) : _t("Add New Activity"), false, {
            default_campaign_id: this.props.record.resId,
            default_parent_id: parent ? parent.id : false,
            default_trigger_type: parent ? triggerType : "begin",
            default_sequence: 10 * (sequences + 1),
            ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`default_${name}`, value])),
        });
    }

    async edit(card) {
        if (await this.save()) {
            this.openDialog(card.name, card.id, {});
        }
    }

    /**
     * Open the editor of a card's message at once, over the whole window.
     *
     * @param {object} card
     * @param {object} [check] what is to be mended in it
     */
    async editMail(card, check) {
        const { mail } = card;
        if (!(await this.save())) {
            return;
        }
        openTemplateEditor((...args) => this.dialog.add(...args), {
            resId: mail.id,
            title: mail.subject,
            context: getFaultContext(mail, check),
            canWrite: this.data.can_write,
            onClose: () => this.props.record.load(),
        });
    }

    openDialog(title, resId, context) {
        this.dialog.add(
            FormViewDialog,
            {
                title,
                resModel: "marketing.activity",
                resId,
                context: { form_view_ref: "marketing_automation.marketing_activity_view_form", ...context },
                canExpand: false,
                size: "xl",
            },
            { onClose: () => this.props.record.load() }
        );
    }

    async remove(card) {
        const below = this.data.cards.filter((other) => this.isBelow(other, card));
        const hasHistory = [card, ...below].some(({ processed, rejected, scheduled, errors, metrics }) =>
            Boolean(processed || rejected || scheduled || errors || metrics.some(({ count }) => count))
        );
        const parts = [this.getRemovalLabel(card.name, below.length)];
        if (hasHistory) {
            parts.push(_t("What it did stays as history; what it has scheduled is cancelled at the next Update."));
        } else if (this.data.state === "running") {
            parts.push(_t("Participants go on as before until the next Update."));
        }
        this.dialog.add(ConfirmationDialog, {
            title: _t("Remove this activity?"),
            body: parts.join(" "),
            confirmLabel: _t("Remove"),
            confirmClass: "btn-danger",
            confirm: async () => {
                if (await this.save()) {
                    await this.orm.call("marketing.activity", "action_remove", [[card.id]]);
                    await this.props.record.load();
                }
            },
            cancel: () => {},
        });
    }

    getRemovalLabel(name, below) {
        if (!below) {
            return _t("“%s” leaves the workflow.", name);
        }
        return below === 1
            ? _t("“%s” and the activity below it leave the workflow.", name)
            : _t("“%(name)s” and the %(count)s activities below it leave the workflow.", { name, count: below });
    }

    isBelow(card, ancestor) {
        const byId = new Map(this.data.cards.map((other) => [other.id, other]));
        for (let parent = byId.get(card.parent_id); parent; parent = byId.get(parent.parent_id)) {
            if (parent.id === ancestor.id) {
                return true;
            }
        }
        return false;
    }

    // ------------------------------------------------------------
    // Buttons
    // ------------------------------------------------------------

    /** Try all errors again; some of them alone are tried again in their list. */
    retryAll() {
        const count = this.data.errors.reduce((sum, [, number]) => sum + number, 0);
        this.dialog.add(ConfirmationDialog, {
            title: _t("Retry all errors?"),
            body: _t("Steps that run again at once: %s. Their messages go out.", formatInteger(count)),
            confirmLabel: _t("Retry"),
            confirm: () => this.retry(),
            cancel: () => {},
        });
    }

    async retry() {
        const { resId } = this.props.record;
        const action = await this.orm.call("marketing.campaign", "action_retry_errors", [[resId]]);
        await this.action.doAction({ ...action, params: { ...action.params, next: undefined } });
        await this.props.record.load();
    }

    async open(method) {
        const action = await this.orm.call("marketing.campaign", method, [[this.props.record.resId]]);
        return doReturnedAction(this.action, action);
    }
}

registry.category("fields").add("marketing_workflow", {
    component: WorkflowField,
    displayName: _t("Workflow of a campaign"),
    supportedTypes: ["json"],
    isEmpty: () => false,
});
