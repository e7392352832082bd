import { Component, onWillStart } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

/** The cards of the campaign templates, shown where there is no campaign, or none is found. */
export class CampaignTemplates extends Component {
    static template = "marketing_automation.CampaignTemplates";
    static props = {};

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
        try {
            const action = await this.orm.call("marketing.campaign", "create_from_template", [key]);
            await this.action.doAction(action);
        } finally {
            this.creating = false;
        }
    }
}

export class CampaignKanbanRenderer extends KanbanRenderer {
    static template = "marketing_automation.CampaignKanbanRenderer";
    static components = { ...KanbanRenderer.components, CampaignTemplates };
}

export class CampaignListRenderer extends ListRenderer {
    static template = "marketing_automation.CampaignListRenderer";
    static components = { ...ListRenderer.components, CampaignTemplates };
}

registry.category("views").add("marketing_campaign_kanban", { ...kanbanView, Renderer: CampaignKanbanRenderer });
registry.category("views").add("marketing_campaign_list", { ...listView, Renderer: CampaignListRenderer });
