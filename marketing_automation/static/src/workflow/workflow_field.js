import { Component, toRaw, useEffect, useRef, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { _t } from "@web/core/l10n/translation";
import { deserializeDateTime, toLocaleDateTimeString } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { usePopover } from "@web/core/popover/popover_hook";
import { useBus, useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { formatInteger } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { CampaignTemplateCards } from "../campaign_templates/campaign_templates";
import { useLiveRefresh } from "../live";
import { Checklist } from "../mail_preview/checklist";
import { Palette } from "../palette/palette";
import { doReturnedAction } from "../returned_action";
import { useWorkflowDrag } from "./workflow_drag";
import { WorkflowEditor } from "./workflow_editor";
import { WorkflowHistory } from "./workflow_history";
import { arrangeWorkflow, proposeWay } from "./workflow_layout";
import { WorkflowNode } from "./workflow_node";
import { makePlaceFinder } from "./workflow_places";
import { WhoEnters } from "./who_enters";
import { FAR, MAP, usePan, WorkflowZoom } from "./workflow_zoom";

const BIG = 40; // cards, of which the browser draws only those in sight
const EMPTY = { cards: [], errors: [], participants: {}, can_write: true, state: "draft" };

/**
 * The workflow of a campaign as a tree of cards, on its form.
 *
 * It comes with the form's record; while the campaign runs it asks for new numbers by itself,
 * by one call for all cards.
 */
export class WorkflowField extends Component {
    static template = "marketing_automation.WorkflowField";
    static components = { CampaignTemplateCards, Checklist, WhoEnters, WorkflowNode };
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.orm = useService("orm");
        this.formatInteger = formatInteger;
        this.root = useRef("root");
        this.types = useService("marketing_activity_types");
        this.palette = usePopover(Palette, { position: "bottom", popoverClass: "o_marketing_palette_popover" });
        this.editor = new WorkflowEditor({
            dialog: this.dialog,
            notification: useService("notification"),
            orm: this.orm,
            getRecord: () => this.props.record,
            getData: () => this.data,
            reload: () => this.reload(),
            reveal: (cardId) => this.reveal(cardId),
            history: useState(new WorkflowHistory(this.orm)),
        });
        this.treeRef = useRef("tree");
        this.zoom = new WorkflowZoom(useState({ level: 1 }), this.treeRef);
        usePan(this.root);
        useWorkflowDrag({
            ref: this.root,
            enable: () => this.data.can_write,
            makePlaceFinder: (cardId) => makePlaceFinder(cardId, toRaw(this.data.cards)),
            onMove: (cardId, { parent, way }) => this.editor.move(this.getCard(cardId), parent, way),
        });
        useHotkey("control+z", () => this.editor.undo(), { isAvailable: () => this.editor.canUndo });
        for (const keys of ["control+y", "control+shift+z"]) {
            useHotkey(keys, () => this.editor.redo(), { isAvailable: () => this.editor.canRedo });
        }
        this.isFormStale = false;
        this.state = useState({ data: EMPTY, period: "month", width: browser.innerWidth, showsChecklist: false });
        useRecordObserver((record) => {
            this.state.data = record.data[this.props.name] || EMPTY;
            if (this.resId !== record.resId && this.resId) {
                this.editor.history.clear(); // those changes were of another campaign
            }
            this.resId = record.resId;
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
        useEffect(() => this.showAwaitedCard());
        useLiveRefresh(() => this.refreshWhenLive());
        this.ui = useService("ui");
        useBus(this.ui.bus, "active-element-changed", () => browser.setTimeout(() => this.showAwaitedNumbers()));
    }

    // ------------------------------------------------------------
    // What the template reads
    // ------------------------------------------------------------

    get data() {
        return this.state.data;
    }

    get tree() {
        return arrangeWorkflow(this.data.cards, this.state.width / this.zoom.state.level);
    }

    get treeClass() {
        return {
            o_marketing_workflow_big: this.data.cards.length > BIG,
            o_marketing_workflow_far: this.zoom.state.level < FAR,
            o_marketing_workflow_map: this.zoom.state.level < MAP,
        };
    }

    /** What the cards share. */
    get workflow() {
        const { data } = this;
        return {
            canEdit: data.can_write,
            canRetry: data.can_write && data.state === "running",
            modelName: data.model_name,
            showsPeople: data.state !== "draft",
            firstDay: data.first_day,
            lastDay: data.last_day,
            edit: (card) => this.editor.edit(card),
            editMail: (card) => this.editor.editMail(card),
            remove: (card) => this.editor.remove(card),
            move: (card) => this.editor.openMove(card),
            copy: (card) => this.editor.copy(card),
            cut: (card) => this.editor.copy(card, true),
            duplicate: (card) => this.editor.duplicate(card),
            paste: (card, way) => this.editor.paste(card, way),
            offer: (ev, place) => this.offer(ev, place),
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

    get peopleLabel() {
        const { people } = this.data.participants;
        return people === 1 ? _t("1 record") : _t("%s records", formatInteger(people));
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
            this.awaitsNumbers = true;
            this.showAwaitedNumbers();
        }
    }

    /** Once the dialog is closed: what has the keyboard moves the page. */
    showAwaitedNumbers() {
        if (this.awaitsNumbers && this.root.el && this.ui.activeElement.contains(this.root.el)) {
            this.awaitsNumbers = false;
            this.root.el.scrollIntoView({ behavior: "smooth" });
        }
    }

    setPeriod(period) {
        this.state.period = period;
        return this.refresh();
    }

    // ------------------------------------------------------------
    // Editing
    // ------------------------------------------------------------

    async reload() {
        await this.props.record.load();
        return this.props.record.data[this.props.name] || EMPTY;
    }

    /** Scroll to a card that has just come, which is drawn in a moment. */
    reveal(cardId) {
        this.awaitedCard = cardId;
        this.showAwaitedCard();
    }

    showAwaitedCard() {
        const card = this.awaitedCard && this.root.el?.querySelector(`[data-id="${this.awaitedCard}"]`);
        if (card) {
            this.awaitedCard = false;
            const { top, bottom } = card.getBoundingClientRect();
            if (top < 0 || bottom > browser.innerHeight) {
                card.scrollIntoView({ block: "center" });
            }
        }
    }

    getCard(cardId) {
        return this.data.cards.find(({ id }) => id === cardId);
    }

    get undoLabel() {
        const { next } = this.editor.history;
        return next ? _t("Undo: %s", next.label) : _t("Undo");
    }

    get redoLabel() {
        const { last } = this.editor.history;
        return last ? _t("Do again: %s", last.label) : _t("Do again");
    }

    /** Copy, cut and paste by the keys that everybody knows, where no text is being copied. */
    onKeydown(ev) {
        const card = this.getCard(Number(ev.target.closest(".o_marketing_activity_card")?.dataset.id));
        const isText = ev.target.closest("input, textarea, [contenteditable=true]") || String(getSelection());
        if (!card || isText || !this.data.can_write) {
            return;
        }
        const key = ev.ctrlKey || ev.metaKey ? `control+${ev.key.toLowerCase()}` : ev.key;
        const actions = {
            "control+c": () => this.editor.copy(card),
            "control+x": () => this.editor.copy(card, true),
            "control+v": () => card.ways.length && this.editor.paste(card),
            "control+d": () => this.editor.duplicate(card),
            Delete: () => this.editor.remove(card),
        };
        if (actions[key] && !ev.shiftKey && !ev.altKey) {
            ev.preventDefault();
            actions[key]();
        }
    }

    get isNew() {
        return !this.props.record.resId;
    }

    /**
     * Offer all types of activities, and add the one that is chosen.
     *
     * @param {MouseEvent} ev of the button beside which they are offered
     * @param {object} [place] where it comes: see WorkflowEditor
     */
    async offer(ev, place = {}) {
        const target = ev.currentTarget;
        const types = await this.types.load();
        this.palette.open(target, {
            types,
            ways: place.way ? [place.way] : place.parent?.ways,
            way: place.parent && proposeWay(place.parent, this.data.cards)?.key,
            onChoose: (type, way) =>
                this.editor.add({
                    ...place,
                    type,
                    way: place.way || place.parent?.ways.find(({ key }) => key === way),
                }),
        });
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
