import { Component, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const WHOLE = "="; // begins what is the whole address of a link, as WHOLE of the server
const ANY = "";
const CONTAINS = "contains";

/** On which link of a message somebody has to click: any, one of its own, or those that contain something. */
export class LinkFilterField extends Component {
    static template = "marketing_automation.LinkFilterField";
    static props = { ...standardFieldProps };

    setup() {
        this.state = useState({ contains: false });
    }

    get value() {
        return this.props.record.data[this.props.name] || "";
    }

    /** The links of the message; one that is chosen and no longer there is offered all the same. */
    get links() {
        const links = (this.props.record.data.link_choices || []).map(([url, label]) => [
            WHOLE + url,
            label ? _t("%(text)s (%(address)s)", { text: label, address: url }) : url,
        ]);
        const isLost = this.value.startsWith(WHOLE) && !links.some(([value]) => value === this.value);
        return isLost ? [...links, [this.value, this.value.slice(WHOLE.length)]] : links;
    }

    get choice() {
        const { value } = this;
        if (value.startsWith(WHOLE)) {
            return value;
        }
        return value || this.state.contains ? CONTAINS : ANY;
    }

    get choices() {
        return [[ANY, _t("Any link")], ...this.links, [CONTAINS, _t("A link that contains …")]];
    }

    choose(ev) {
        const { value } = ev.target;
        this.state.contains = value === CONTAINS;
        return this.save(value === CONTAINS ? "" : value);
    }

    save(value) {
        return this.props.record.update({ [this.props.name]: value || false });
    }
}

registry.category("fields").add("marketing_link_filter", {
    component: LinkFilterField,
    displayName: _t("Link of a message"),
    supportedTypes: ["char"],
    isEmpty: () => false,
});
