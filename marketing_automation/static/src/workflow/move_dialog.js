import { Component, useState } from "@odoo/owl";

import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { useAutofocus } from "@web/core/utils/hooks";

import { listPlaces } from "./workflow_places";

/** Where an activity goes, with all below it: what it follows, and when. */
export class MoveDialog extends Component {
    static template = "marketing_automation.MoveDialog";
    static components = { Dialog };
    static props = {
        card: Object,
        cards: Array,
        onMove: Function, // (parent, way)
        close: Function,
    };

    setup() {
        useAutofocus();
        const { card } = this.props;
        this.state = useState({ parent: card.parent_id || 0, way: card.way });
        this.choosePlace(this.state.parent);
    }

    get title() {
        return _t("Move “%s”", this.props.card.name);
    }

    get places() {
        return listPlaces(this.props.card, this.props.cards);
    }

    get place() {
        return this.places.find(({ parent }) => (parent?.id || 0) === this.state.parent);
    }

    choosePlace(id) {
        this.state.parent = Number(id);
        const { parent, way } = this.place || this.places[0];
        const isSame = parent?.ways.some(({ key }) => key === this.state.way);
        this.state.parent = parent?.id || 0;
        this.state.way = isSame ? this.state.way : way?.key;
    }

    move() {
        const { parent } = this.place;
        this.props.close();
        this.props.onMove(
            parent,
            parent?.ways.find(({ key }) => key === this.state.way)
        );
    }
}
