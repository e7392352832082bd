import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";

import { getFaultContext, openTemplateEditor } from "../mail_preview/template_editor";
import { MoveDialog } from "./move_dialog";
import { readClipboard, writeClipboard } from "./workflow_clipboard";
import { isBelow, proposeWay } from "./workflow_layout";
import { fitWay } from "./workflow_places";

const MODEL = "marketing.activity";

/**
 * What is done to the activities of a workflow. Each change is saved at once; of a campaign that runs, none changes
 * anything for its participants before the next Update.
 */
export class WorkflowEditor {
    /**
     * @param {object} services and `getRecord`, the campaign's in its form, `getData`, what its cards show, and
     *  `reload`, which reads both again, `reveal`, which scrolls to a card, and the `history`
     */
    constructor(services) {
        Object.assign(this, services);
    }

    get record() {
        return this.getRecord();
    }

    get data() {
        return this.getData();
    }

    /** Save what was typed in the form, since an activity needs its campaign. */
    async save() {
        const { record } = this;
        if (!record.resId && !(record.data.name || "").trim()) {
            await record.update({ name: _t("Untitled campaign") });
        }
        return record.save();
    }

    /**
     * Open the dialog of a new activity.
     *
     * @param {object} place where it comes
     * @param {string} place.type
     * @param {object} [place.parent] the card that it follows
     * @param {object} [place.way] by which: see `_get_ways` of marketing.activity
     * @param {object} [place.before] the card that is to follow it
     */
    async add({ type, parent, way, before }) {
        if (!(await this.save())) {
            return;
        }
        const values = {
            campaign_id: this.record.resId,
            parent_id: parent ? parent.id : false,
            activity_type: type,
            sequence: 10 * (this.data.cards.length + 1),
            ...this.getWayValues(way),
        };
        const title = before
            ? _t("Add Activity before “%s”", before.name)
            : parent
              ? _t("Add Child Activity to “%s”", parent.name)
              : _t("Add New Activity");
        this.openDialog(
            title,
            false,
            Object.fromEntries(Object.entries(values).map(([name, value]) => [`default_${name}`, value])),
            (record) => this.pushAdded(record.resId, before)
        );
    }

    /** The values of an activity that follows another one by a way; without a way, of one that begins the workflow. */
    getWayValues(way) {
        return way ? { ...way.values, trigger_type: way.trigger } : { trigger_type: "begin" };
    }

    /** Remember what was added, and let the card before which it was follow it. */
    async pushAdded(resId, before) {
        const { cards } = await this.reload();
        const added = cards.find(({ id }) => id === resId);
        const change = { label: _t("Add “%s”", added.name), added: [resId] };
        const way = before && fitWay(before, added, cards);
        if (way) {
            const after = { parent_id: resId, ...this.getWayValues(way) };
            const values = await this.readPlace(before, after);
            await this.orm.write(MODEL, [before.id], after);
            change.write = { id: before.id, before: values, after };
        } else if (before) {
            const words = { name: added.name, other: before.name };
            this.notification.add(_t("Nothing can follow “%(name)s”: it stands beside “%(other)s”.", words));
        }
        this.history.push(change);
    }

    /** What an activity has now of the values of another place. */
    async readPlace(card, place) {
        const [values] = await this.orm.call(MODEL, "read", [[card.id], Object.keys(place)], { load: null });
        delete values.id;
        return values;
    }

    async edit(card) {
        if (await this.save()) {
            const before = this.data.can_write ? await this.history.read(card.id) : null;
            this.openDialog(card.name, card.id, {}, (record) =>
                before ? this.history.pushEdit(record.resId, record.data.name || card.name, before) : null
            );
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
            onClose: () => this.reload(),
        });
    }

    openDialog(title, resId, context, onRecordSaved = () => {}) {
        this.dialog.add(
            FormViewDialog,
            {
                title,
                resModel: MODEL,
                resId,
                context: { form_view_ref: "marketing_automation.marketing_activity_view_form", ...context },
                canExpand: false,
                size: "xl",
                onRecordSaved,
            },
            { onClose: () => this.reload() }
        );
    }

    async remove(card) {
        const below = this.data.cards.filter((other) => isBelow(other, card, this.data.cards));
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
                    const removed = await this.history.remove([card.id]);
                    this.history.push({ label: _t("Remove “%s”", card.name), removed });
                    await this.reload();
                    this.tell(_t("“%s” was removed.", card.name));
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

    // ------------------------------------------------------------
    // To another place
    // ------------------------------------------------------------

    /** Open the dialog that moves a card with all below it. */
    openMove(card) {
        const onMove = (parent, way) => this.move(card, parent, way);
        this.dialog.add(MoveDialog, { card, cards: this.data.cards, onMove });
    }

    /**
     * Move a card, with all below it.
     *
     * @param {object} card
     * @param {object} [parent] the card that it is to follow; none: the beginning
     * @param {object} [way] by which
     */
    async move(card, parent, way) {
        const parentId = parent ? parent.id : false;
        if ((parentId === card.parent_id && (way ? way.key : "begin") === card.way) || !(await this.save())) {
            return;
        }
        const after = { parent_id: parentId, ...this.getWayValues(way) };
        const before = await this.readPlace(card, after);
        await this.orm.write(MODEL, [card.id], after);
        this.history.push({ label: _t("Move “%s”", card.name), write: { id: card.id, before, after } });
        await this.reload();
        const words = { name: card.name, parent: parent?.name, when: way?.label };
        this.tell(
            parent
                ? _t("“%(name)s” now follows “%(parent)s”: %(when)s.", words)
                : _t("“%s” now begins the workflow.", card.name)
        );
    }

    copy(card, isCut = false) {
        writeClipboard({ id: card.id, campaign: this.record.resId, isCut });
        this.notification.add(
            isCut
                ? _t("“%s” goes, with all below it, where you paste it.", card.name)
                : _t("“%s” was copied with all below it: paste it here, or in another campaign.", card.name),
            { type: "info" }
        );
    }

    /**
     * Paste what was copied or cut, here or in another campaign.
     *
     * @param {object} [parent] the card that it is to follow; none: the beginning
     * @param {object} [way] by which; by default what fits best
     */
    async paste(parent, way = parent && proposeWay(parent, this.data.cards)) {
        const content = readClipboard();
        if (!content) {
            this.notification.add(_t("Nothing was copied yet: copy an activity from its menu."), { type: "warning" });
            return;
        }
        const { cards } = this.data;
        const card = cards.find(({ id }) => id === content.id);
        if (!content.isCut || !card) {
            await this.insertCopy(content.id, parent, way, content.isCut);
        } else if (parent && (parent.id === card.id || isBelow(parent, card, cards))) {
            this.notification.add(_t("“%s” cannot follow itself: paste it elsewhere.", card.name), { type: "warning" });
            return;
        } else {
            await this.move(card, parent, parent && fitWay(card, parent, cards));
        }
        if (content.isCut) {
            writeClipboard(null);
        }
    }

    duplicate(card) {
        const parent = this.data.cards.find(({ id }) => id === card.parent_id);
        return this.insertCopy(
            card.id,
            parent,
            parent?.ways.find(({ key }) => key === card.way)
        );
    }

    async insertCopy(id, parent, way, isCut = false) {
        if (!(await this.save())) {
            return;
        }
        const place = [this.record.resId, parent ? parent.id : false, way ? way.key : false];
        const copy = await this.orm.call(MODEL, "action_paste", [[id], ...place]);
        const removed = isCut ? await this.history.remove([id]) : [];
        const { cards } = await this.reload();
        const { name } = cards.find((card) => card.id === copy) || { name: "" };
        this.history.push({ label: _t("Paste “%s”", name), added: [copy], removed });
        this.tell(_t("“%s” was pasted.", name));
        this.reveal(copy);
    }

    // ------------------------------------------------------------
    // Undo
    // ------------------------------------------------------------

    get canUndo() {
        return this.data.can_write && Boolean(this.history.next);
    }

    get canRedo() {
        return this.data.can_write && Boolean(this.history.last);
    }

    undo() {
        return this.goBack("undo", (label) => _t("Undone: %s", label));
    }

    redo() {
        return this.goBack("redo", (label) => _t("Done again: %s", label));
    }

    async goBack(direction, describe) {
        if (!(direction === "undo" ? this.canUndo : this.canRedo) || this.isBusy || !(await this.save())) {
            return;
        }
        this.isBusy = true;
        try {
            const { label } = await this.history[direction]();
            this.notification.add(describe(label), { type: "info" });
        } catch (error) {
            this.history.clear(); // what others did meanwhile stands in the way: older changes would fail as well
            throw error;
        } finally {
            this.isBusy = false;
            await this.reload();
        }
    }

    /** Say what was done, and offer to undo it. */
    tell(sentence) {
        const close = this.notification.add(sentence, {
            type: "success",
            buttons: [
                {
                    name: _t("Undo"),
                    onClick: () => {
                        close();
                        return this.undo();
                    },
                },
            ],
        });
    }
}
