import { Component, onWillStart } from "@odoo/owl";

import { Dialog } from "@web/core/dialog/dialog";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";
import { stopsWhenArchived } from "../archiving/archiving";

/** The cards of the campaign templates; each makes a draft and opens it. */
export class CampaignTemplateCards extends Component {
    static template = "marketing_automation.CampaignTemplateCards";
    static props = {
        beginFromScratch: { type: Function, optional: true }, // shows a card for it
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
        try {
            const action = await this.orm.call("marketing.campaign", "create_from_template", [key]);
            await this.action.doAction(action);
        } finally {
            this.creating = false;
        }
    }
}

/** What is shown where there is no campaign, or none is found. */
export class CampaignTemplates extends Component {
    static template = "marketing_automation.CampaignTemplates";
    static components = { CampaignTemplateCards };
    static props = {};
}

/** What New offers where there are campaigns already; the action of a card closes it. */
export class CampaignTemplateDialog extends Component {
    static template = "marketing_automation.CampaignTemplateDialog";
    static components = { CampaignTemplateCards, Dialog };
    static props = { beginFromScratch: Function, close: Function };

    beginFromScratch() {
        this.props.close();
        this.props.beginFromScratch();
    }
}

const offersTemplates = (Controller) =>
    class extends Controller {
        setup() {
            super.setup();
            this.dialog = useService("dialog");
        }

        async createRecord() {
            const beginFromScratch = () => super.createRecord(...arguments);
            await this.model.whenReady; // until then a model claims to have data
            if (!this.model.hasData()) {
                return beginFromScratch(); // the templates are in sight
            }
            this.dialog.add(CampaignTemplateDialog, { beginFromScratch });
        }
    };

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
    Controller: stopsWhenArchived(offersTemplates(KanbanController)),
    Renderer: CampaignKanbanRenderer,
});
registry.category("views").add("marketing_campaign_list", {
    ...listView,
    Controller: stopsWhenArchived(offersTemplates(ListController)),
    Renderer: CampaignListRenderer,
});
