import { Component, onWillStart, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/** What Odoo needs before a first campaign: done or not, with a button each for who may set it. */
export class SetupChecklist extends Component {
    static template = "marketing_automation.SetupChecklist";
    static props = { onlyIfOpen: { type: Boolean, optional: true } };
    static defaultProps = { onlyIfOpen: false };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ setup: null });
        onWillStart(async () => {
            this.state.setup = await this.orm.call("marketing.campaign", "get_setup", []);
        });
    }

    get isShown() {
        const { setup } = this.state;
        return setup && !(this.props.onlyIfOpen && setup.is_done);
    }

    get whomToAsk() {
        return _t("To set what is missing, ask %s.", this.state.setup.contacts);
    }

    getLabel(item) {
        return item.is_done ? _t("Done: %s", item.label) : _t("Missing: %s", item.label);
    }

    open(item) {
        return this.action.doAction(item.action);
    }
}

/** The checklist as a page of its own, whenever it is wanted. */
export class SetupPage extends Component {
    static template = "marketing_automation.SetupPage";
    static components = { SetupChecklist };
    static props = { ...standardActionServiceProps };
}

registry.category("actions").add("marketing_setup", SetupPage);
