import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatInteger, formatPercentage } from "@web/views/fields/formatters";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { MailPreview } from "../mail_preview/mail_preview";

/** What a page of a campaign's results shows: asked for when the page opens; each number opens its records. */
class ResultsPage extends Component {
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ data: null });
        onWillStart(() => this.load(this.props));
        onWillUpdateProps((props) => props.record.resId !== this.props.record.resId && this.load(props));
    }

    async load({ record }) {
        this.state.data = await this.fetch(record);
    }

    formatNumber(number) {
        return formatInteger(number);
    }

    formatShare(part, whole) {
        return formatPercentage(whole ? part / whole : 0, { digits: [16, 1] });
    }

    /** Open the participants whom a number of an activity counts. */
    async open(activityId, metric) {
        const action = await this.orm.call("marketing.activity", "action_view_records", [[activityId], metric]);
        await this.action.doAction(action);
    }
}

/** How far participants have come, step by step. */
export class Funnel extends ResultsPage {
    static template = "marketing_automation.Funnel";

    fetch({ resId }) {
        return this.orm.call("marketing.campaign", "get_funnel", [[resId]]);
    }
}

/** The emails of a campaign, with the clicks drawn on them. */
export class ClickMap extends ResultsPage {
    static template = "marketing_automation.ClickMap";
    static components = { MailPreview };

    async fetch({ resId }) {
        const domain = [
            ["campaign_id", "=", resId],
            ["mass_mailing_id.mailing_type", "=", "mail"],
        ];
        const ids = await this.orm.search("marketing.activity", domain);
        return this.orm.call("marketing.activity", "get_click_map", [ids]);
    }

    getLinkLabel(link) {
        return link.label || link.url;
    }
}

registry.category("view_widgets").add("marketing_funnel", { component: Funnel });
registry.category("view_widgets").add("marketing_click_map", { component: ClickMap });
