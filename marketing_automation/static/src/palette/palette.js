import { Component, onMounted, useEffect, useRef, useState } from "@odoo/owl";

import { useAutofocus } from "@web/core/utils/hooks";
import { fuzzyTest } from "@web/core/utils/search";

let lastId = 0;

/**
 * All types of activities in groups, of which one is chosen: by a click, or by typing a part of its name and Enter.
 *
 * Where what is chosen may follow by several ways, one of them is chosen above.
 */
export class Palette extends Component {
    static template = "marketing_automation.Palette";
    static props = {
        types: Array, // see get_palette of marketing.activity
        current: { type: String, optional: true }, // the type that is chosen now
        ways: { type: Array, optional: true }, // see _get_ways of marketing.activity
        way: { type: String, optional: true }, // the key of the one that is proposed
        onChoose: Function, // (type, way)
        close: Function,
    };

    setup() {
        this.id = `o_marketing_palette_${++lastId}`;
        this.list = useRef("list");
        useAutofocus();
        const { ways = [], way, current, types } = this.props;
        this.state = useState({ search: "", active: current || types[0]?.type, way: way || ways[0]?.key });
        onMounted(() => this.showActive());
        useEffect(
            () => this.showActive(),
            () => [this.state.active]
        );
    }

    get ways() {
        const { ways = [] } = this.props;
        return ways.length > 1 ? ways : [];
    }

    get found() {
        const search = this.state.search.trim();
        return this.props.types.filter(
            ({ label, hint, group_label: group }) =>
                !search ||
                fuzzyTest(search, label) ||
                hint.toLowerCase().includes(search.toLowerCase()) ||
                group === search
        );
    }

    get groups() {
        const groups = new Map();
        for (const type of this.found) {
            const { group, group_label: label } = type;
            groups.set(group, groups.get(group) || { group, label, types: [] });
            groups.get(group).types.push(type);
        }
        return [...groups.values()];
    }

    get activeId() {
        return this.found.some(({ type }) => type === this.state.active) ? this.getId(this.state.active) : undefined;
    }

    getId(type) {
        return `${this.id}_${type}`;
    }

    showActive() {
        this.list.el?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
    }

    onInput(ev) {
        this.state.search = ev.target.value;
        this.state.active = this.found[0]?.type;
    }

    onKeydown(ev) {
        const types = this.groups.flatMap((group) => group.types.map(({ type }) => type));
        const index = types.indexOf(this.state.active);
        const steps = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: types.length - 1 };
        if (ev.key === "Enter") {
            ev.preventDefault();
            ev.stopPropagation();
            if (index !== -1) {
                this.choose(this.state.active);
            }
        } else if (ev.key in steps && types.length && !(this.state.search && ["Home", "End"].includes(ev.key))) {
            ev.preventDefault();
            this.state.active = types[(steps[ev.key] + types.length) % types.length];
        }
    }

    choose(type) {
        this.props.close();
        this.props.onChoose(type, this.ways.length ? this.state.way : this.props.ways?.[0]?.key);
    }
}
