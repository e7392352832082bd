import { Component } from "@odoo/owl";

import { WorkflowCard } from "./workflow_card";

/** The activities that follow one, with those that follow them. */
export class WorkflowNode extends Component {
    static template = "marketing_automation.WorkflowNode";
    static components = { WorkflowCard };
    static props = {
        node: Object,
        workflow: Object,
    };
}
WorkflowNode.components = { ...WorkflowNode.components, WorkflowNode };
