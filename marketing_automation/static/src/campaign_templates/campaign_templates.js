import { Component, onWillStart } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";
import { stopsWhenArchived } from "../archiving/archiving";
import { SetupChecklist } from "../setup/setup_checklist";

/** The cards of the campaign templates; each makes a draft and opens it. */
export class CampaignTemplateCards extends Component {
    static template = "marketing_automation.CampaignTemplateCards";
    static props = {
        record: { type: Object, optional: true }, // a new campaign, in place of which the draft is opened
    };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.creating = false;
        onWillStart(async () => {
            this.templates = await this.orm.call("marketing.campaign", "get_campaign_templates", []);
        });
    }

    async create(key) {
        if (this.creating) {
            return; // a double click makes one campaign
        }
        this.creating = true;
        const { record } = this.props;
        const name = record && (record.data.name || "").trim();
        try {
            const action = await this.orm.call("marketing.campaign", "create_from_template", [key]);
            if (name) {
                await this.orm.write("marketing.campaign", [action.res_id], { name });
            }
            if (record) {
                await record.discard(); // what was typed is in the draft, which takes the place of the new record
                await record.model.load({ resId: action.res_id, resIds: [action.res_id] });
            } else {
                await this.action.doAction(action);
            }
        } finally {
            this.creating = false;
        }
    }
}

/** What is shown where there is no campaign, or none is found. */
export class CampaignTemplates extends Component {
    static template = "marketing_automation.CampaignTemplates";
    static components = { CampaignTemplateCards, SetupChecklist };
    static props = {};
}

export class CampaignKanbanRenderer extends KanbanRenderer {
    static template = "marketing_automation.CampaignKanbanRenderer";
    static components = { ...KanbanRenderer.components, CampaignTemplates };
}

export class CampaignListRenderer extends ListRenderer {
    static template = "marketing_automation.CampaignListRenderer";
    static components = { ...ListRenderer.components, CampaignTemplates };
}

registry.category("views").add("marketing_campaign_kanban", {
    ...kanbanView,
    Controller: stopsWhenArchived(KanbanController),
    Renderer: CampaignKanbanRenderer,
});
registry.category("views").add("marketing_campaign_list", {
    ...listView,
    Controller: stopsWhenArchived(ListController),
    Renderer: CampaignListRenderer,
});
