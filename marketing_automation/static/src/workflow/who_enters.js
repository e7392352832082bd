import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";

import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { formatInteger } from "@web/views/fields/formatters";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";

const MODEL = "marketing.entry";

/** The first card of a workflow: the ways into the campaign, in words, and who comes by them. */
export class WhoEnters extends Component {
    static template = "marketing_automation.WhoEnters";
    static props = {
        entries: Array,
        note: { type: String, optional: true },
        resId: { type: [Number, Boolean], optional: true },
        canEdit: Boolean,
        save: Function,
        reload: Function,
    };

    setup() {
        this.dialog = useService("dialog");
        this.orm = useService("orm");
        this.state = useState({ numbers: {} });
        onWillStart(() => this.loadNumbers(this.props));
        onWillUpdateProps((props) => {
            if (JSON.stringify(props.entries) !== JSON.stringify(this.props.entries)) {
                this.loadNumbers(props);
            }
        });
    }

    /** Who is due next: asked for beside the form, which does not wait for it. */
    loadNumbers({ resId, entries }) {
        if (resId && entries.some(({ type }) => type !== "filter")) {
            this.orm.silent.call("marketing.campaign", "get_entry_numbers", [[resId]]).then(
                (numbers) => (this.state.numbers = numbers),
                () => {} // the card tells the rest
            );
        }
    }

    getNumbers({ id }) {
        return this.state.numbers[id] || [];
    }

    getEnteredLabel({ entered_today: count }) {
        return count === 1 ? _t("1 entered today") : _t("%s entered today", formatInteger(count));
    }

    getRemoveLabel({ sentence }) {
        return _t("Remove “%s”", sentence);
    }

    async add() {
        if (await this.props.save()) {
            this.openDialog(_t("Add a Way In"), false);
        }
    }

    async edit(entry) {
        if (await this.props.save()) {
            this.openDialog(_t("Who Enters"), entry.id);
        }
    }

    openDialog(title, resId) {
        const context = {
            form_view_ref: "marketing_automation.marketing_entry_view_form",
            default_campaign_id: this.props.resId,
            default_sequence: 10 * (this.props.entries.length + 1),
        };
        this.dialog.add(
            FormViewDialog,
            { title, resModel: MODEL, resId, context, canExpand: false, size: "md" },
            { onClose: () => this.props.reload() }
        );
    }

    async remove(entry) {
        if (!(await this.props.save())) {
            return;
        }
        this.dialog.add(ConfirmationDialog, {
            title: _t("Remove this way in?"),
            body: _t("Nobody enters by it any more: “%s”. Those inside go on.", entry.sentence),
            confirmLabel: _t("Remove"),
            confirm: async () => {
                await this.orm.unlink(MODEL, [entry.id]);
                await this.props.reload();
            },
            cancel: () => {},
        });
    }
}
