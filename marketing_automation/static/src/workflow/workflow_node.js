import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { formatInteger } from "@web/views/fields/formatters";

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

    /** How many wait on the line to a card, and how many have passed it. */
    getPeople({ scheduled, processed, rejected }) {
        const passed = processed + rejected;
        if (!this.props.workflow.showsPeople || !(scheduled || passed)) {
            return "";
        }
        return scheduled
            ? _t("%(waiting)s wait · %(passed)s passed", {
                  waiting: formatInteger(scheduled),
                  passed: formatInteger(passed),
              })
            : _t("%s passed", formatInteger(passed));
    }

    /** How many have come to the end of a branch. */
    getPeopleAtEnd({ parent, end }) {
        const { count } = parent.metrics.find(({ name }) => name === `branch:${end.branch}`) || {};
        return count && this.props.workflow.showsPeople ? _t("%s passed", formatInteger(count)) : "";
    }

    /** Of cards that are not indented: what they follow. */
    get afterLabel() {
        return _t("after “%s”", this.props.node.card.name);
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
