import { Component, onWillUnmount, onWillUpdateProps, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { Domain } from "@web/core/domain";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { formatInteger } from "@web/views/fields/formatters";

import { MailPreview } from "../mail_preview/mail_preview";
import { doReturnedAction } from "../returned_action";
import { WorkflowChart } from "./workflow_chart";
import { readClipboard } from "./workflow_clipboard";
import { formatShare } from "./workflow_layout";

const COUNT_LIMIT = 10000;
const PAUSE = 300; // milliseconds for which one is at a message before it is shown big

/** Whether the text of a filter has no condition. */
const isEmpty = (text) => ["[]", "()"].includes(text.trim());

/** One activity of a workflow: what it does, for whom, and what came of it. */
export class WorkflowCard extends Component {
    static template = "marketing_automation.WorkflowCard";
    static components = { Dropdown, DropdownItem, MailPreview, WorkflowChart };
    static props = {
        card: Object,
        workflow: Object, // what all cards share, and what they can do: see WorkflowField
    };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.treeProcessor = useService("tree_processor");
        this.formatInteger = formatInteger;
        this.mail = usePopover(MailPreview, {
            position: "right",
            animation: false,
            setActiveElement: false,
            popoverClass: "o_marketing_mail_popover",
        });
        onWillUnmount(() => this.hideMail());
        this.state = useState({ tab: "graph", filters: null, condition: "" });
        this.loadCondition(this.card);
        onWillUpdateProps(({ card }) => {
            this.loadCondition(card);
        });
    }

    get card() {
        return this.props.card;
    }

    get hasNumbers() {
        const { processed, rejected, scheduled, errors } = this.card;
        return Boolean(processed || rejected || scheduled || errors);
    }

    get filterIsSet() {
        return !isEmpty(this.card.activity_domain);
    }

    get errorSummary() {
        const [[words] = [""]] = this.card.error_reasons;
        return `${formatInteger(this.card.errors)} × ${words}`;
    }

    formatLeftOut({ count, label }) {
        return `${formatInteger(count)} ${label}`;
    }

    get leftOutLabel() {
        const total = this.card.left_out.reduce((sum, { count }) => sum + count, 0);
        return _t("Not sent to %s:", formatInteger(total));
    }

    get editLabel() {
        const { name } = this.card;
        return this.props.workflow.canEdit ? _t("Edit %s", name) : _t("Open %s", name);
    }

    get editMailTip() {
        return _t("Edit this message");
    }

    get readMailTip() {
        return _t("Read this message");
    }

    get noFilter() {
        return _t("none");
    }

    /** Show a message as big as it can be read, beside its small picture. */
    showMail(ev) {
        const target = ev.currentTarget;
        this.hideMail();
        if (!this.env.isSmall && this.card.mail.url) {
            const size = { width: 360, height: 440 };
            this.mailTimer = browser.setTimeout(() => this.mail.open(target, { mail: this.card.mail, ...size }), PAUSE);
        }
    }

    hideMail() {
        browser.clearTimeout(this.mailTimer);
        this.mail.close();
    }

    get addChildLabel() {
        return _t("Add child activity to “%s”", this.card.name);
    }

    get menuLabel() {
        return _t("More for “%s”", this.card.name);
    }

    get canPaste() {
        return Boolean(this.card.ways.length && readClipboard());
    }

    get removeLabel() {
        return _t("Remove %s", this.card.name);
    }

    get subtitle() {
        const { type_label, expiry } = this.card;
        return expiry
            ? _t("%(type)s · expires after %(duration)s", { type: type_label, duration: expiry })
            : type_label;
    }

    /** How many messages were sent; nothing for an activity that sends none. */
    get sent() {
        return this.card.metrics.find(({ name }) => name === "sent");
    }

    /** Of a message, events are shown as parts of those sent; how many went on at a branch, as the number it is. */
    formatMetric({ name, count }) {
        const isShare = this.sent && name !== "sent";
        return isShare ? formatShare(count, this.sent.count) : formatInteger(count);
    }

    getMetricTitle({ name, label, count, machines }) {
        if (name === "sent") {
            return _t("Accepted by the server; open these participants");
        }
        if (!this.sent) {
            return _t("%s; open these participants", label);
        }
        if (machines) {
            return _t(
                "%(label)s: %(count)s of %(sent)s sent, and %(machines)s by machines alone; open these participants",
                {
                    label,
                    count: formatInteger(count),
                    sent: formatInteger(this.sent.count),
                    machines: formatInteger(machines),
                }
            );
        }
        return _t("%(label)s: %(count)s of %(sent)s sent; open these participants", {
            label,
            count: formatInteger(count),
            sent: formatInteger(this.sent.count),
        });
    }

    async showFilters() {
        this.state.tab = "filter";
        if (this.filtersOf !== this.card) {
            this.filtersOf = this.card;
            this.state.filters = null;
            this.state.filters = await this.loadFilters();
        }
    }

    /** Say what has to be true for Yes, once the names of its fields are known: nothing waits for that. */
    async loadCondition({ condition = "[]", condition_words: pattern = "" }) {
        const shown = `${condition} ${pattern}`;
        if (shown === this.shownCondition) {
            return;
        }
        this.shownCondition = shown;
        const words = isEmpty(condition) ? pattern : await this.describeCondition(condition, pattern);
        if (shown === this.shownCondition) {
            this.state.condition = words;
        }
    }

    async describeCondition(text, pattern) {
        try {
            const words = await this.describe(text);
            return pattern ? pattern.replace("%s", () => words) : _t("If %s", words);
        } catch {
            return _t("The condition cannot be read.");
        }
    }

    async describe(text) {
        const model = this.props.workflow.modelName;
        const tree = await this.treeProcessor.treeFromDomain(model, text, true);
        return this.treeProcessor.getDomainTreeDescription(model, tree);
    }

    async loadFilters() {
        const model = this.props.workflow.modelName;
        try {
            const { activity_domain, domain } = this.card;
            const [own, applied, count] = await Promise.all([
                isEmpty(activity_domain) ? "" : this.describe(activity_domain),
                isEmpty(domain) ? "" : this.describe(domain),
                this.orm.silent.searchCount(model, this.getAppliedDomain(), { limit: COUNT_LIMIT + 1 }),
            ]);
            return { own, applied, count };
        } catch {
            return { error: _t("The filter cannot be read.") };
        }
    }

    get recordCount() {
        const { count } = this.state.filters;
        return count > COUNT_LIMIT
            ? _t("more than %s record(s)", formatInteger(COUNT_LIMIT))
            : _t("%s record(s)", formatInteger(count));
    }

    getAppliedDomain() {
        return new Domain(this.card.domain).toList(user.evalContext);
    }

    openRecords() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: this.card.name,
            res_model: this.props.workflow.modelName,
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: this.getAppliedDomain(),
        });
    }

    async openMetric(metric) {
        const action = await this.orm.call("marketing.activity", "action_view_records", [[this.card.id], metric]);
        return doReturnedAction(this.action, action);
    }

    async openLeftOut(code) {
        const action = await this.orm.call("marketing.activity", "action_view_left_out", [[this.card.id], code]);
        return doReturnedAction(this.action, action);
    }

    async openErrors() {
        const action = await this.orm.call("marketing.activity", "action_view_errors", [[this.card.id]]);
        return doReturnedAction(this.action, action);
    }
}
