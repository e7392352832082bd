import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";

import { WorkflowCard } from "./workflow_card";

/** The activities that follow one, with those that follow them. */
export class WorkflowNode extends Component {
    static template = "marketing_automation.WorkflowNode";
    static components = { WorkflowCard };
    static props = {
        node: Object,
        workflow: Object,
    };

    /** The tone of the way by which a card follows. */
    getTone(card) {
        const way = this.props.node.card?.ways.find(({ key }) => key === card.way);
        return way?.branch ? way.tone : card.tone;
    }

    getInsertLabel(card) {
        return _t("Add an activity before “%s”", card.name);
    }

    getEndLabel({ parent, end }) {
        return _t("“%(activity)s”, %(branch)s: nothing follows", { activity: parent.name, branch: end.label });
    }

    getAddLabel({ parent, end }) {
        return _t("Add an activity to “%(activity)s”, %(branch)s", { activity: parent.name, branch: end.label });
    }

    insert(ev, card) {
        const parent = this.props.node.card;
        const way = parent && parent.ways.find(({ key }) => key === card.way);
        this.props.workflow.offer(ev, { parent: parent || undefined, way, before: card });
    }
}
WorkflowNode.components = { ...WorkflowNode.components, WorkflowNode };
