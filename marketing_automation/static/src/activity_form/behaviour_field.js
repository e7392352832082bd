import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const NEW_LINE = { did: true, event: "open" };
const ANY_MESSAGE = "";
const ALL_CAMPAIGNS = "anywhere";
const MOST_LINES = 10;

/**
 * What somebody did with their messages, line by line: each line reads as a sentence of choices. What it holds is
 * described by `engine/behaviour.py`; what is left out has its default there.
 */
export class BehaviourField extends Component {
    static template = "marketing_automation.BehaviourField";
    static props = { ...standardFieldProps };

    setup() {
        this.dids = [
            ["true", _t("did")],
            ["false", _t("did not")],
        ];
        this.events = [
            ["sent", _t("get")],
            ["open", _t("open")],
            ["click", _t("click in")],
            ["reply", _t("reply to")],
            ["bounce", _t("bounce")],
        ];
        this.spans = [
            ["ever", _t("ever")],
            ["run", _t("in this run")],
            ["days", _t("in the last … days")],
        ];
    }

    /** What was chosen last: while the form takes that in, it still has what was before. */
    get behaviour() {
        return (this.chosen === undefined ? this.props.record.data[this.props.name] : this.chosen) || {};
    }

    get lines() {
        return this.behaviour.lines || [];
    }

    get canAdd() {
        return !this.props.readonly && this.lines.length < MOST_LINES;
    }

    get messages() {
        return [
            [ANY_MESSAGE, _t("a message")],
            ...(this.props.record.data.behavior_steps || []).map(([id, name]) => [String(id), _t("“%s”", name)]),
            [ALL_CAMPAIGNS, _t("a message of any campaign")],
        ];
    }

    getMessage({ activity, anywhere }) {
        return anywhere ? ALL_CAMPAIGNS : activity ? String(activity) : ANY_MESSAGE;
    }

    getDid({ did }) {
        return did === false ? "false" : "true";
    }

    /** The name of a choice for those who hear it. */
    label(words, index) {
        const number = index + 1;
        return words ? _t("Line %(number)s: %(what)s", { number, what: words }) : _t("Line %s", number);
    }

    save(lines, any = this.behaviour.any) {
        const value = lines.length ? { any: Boolean(any) && lines.length > 1, lines } : false;
        this.chosen = value;
        return this.props.record.update({ [this.props.name]: value }).finally(() => {
            if (this.chosen === value) {
                this.chosen = undefined;
            }
        });
    }

    add() {
        return this.save([...this.lines, NEW_LINE]);
    }

    remove(index) {
        return this.save(this.lines.filter((_line, at) => at !== index));
    }

    setAny(ev) {
        return this.save(this.lines, ev.target.value === "any");
    }

    change(index, values) {
        const line = { ...this.lines[index], ...values };
        if (line.event !== "click" || !line.link) {
            delete line.link;
        }
        if (line.span !== "days") {
            delete line.days;
        } else if (!line.days) {
            line.days = 30;
        }
        if (line.anywhere && line.span === "run") {
            line.span = "ever";
        }
        for (const name of ["activity", "anywhere"]) {
            if (!line[name]) {
                delete line[name];
            }
        }
        return this.save(this.lines.map((other, at) => (at === index ? line : other)));
    }

    setDid(index, ev) {
        return this.change(index, { did: ev.target.value === "true" });
    }

    setEvent(index, ev) {
        return this.change(index, { event: ev.target.value });
    }

    setLink(index, ev) {
        return this.change(index, { link: ev.target.value.trim() });
    }

    setMessage(index, ev) {
        const { value } = ev.target;
        return this.change(index, {
            activity: value && value !== ALL_CAMPAIGNS ? Number(value) : null,
            anywhere: value === ALL_CAMPAIGNS,
        });
    }

    setSpan(index, ev) {
        return this.change(index, { span: ev.target.value });
    }

    setNumber(index, name, ev) {
        const number = Math.round(Number(ev.target.value)) || 1;
        return this.change(index, { [name]: Math.max(1, Math.min(number, Number(ev.target.max))) });
    }

    getSpans({ anywhere }) {
        return anywhere ? this.spans.filter(([span]) => span !== "run") : this.spans;
    }
}

registry.category("fields").add("marketing_behaviour", {
    component: BehaviourField,
    displayName: _t("What participants did"),
    supportedTypes: ["json"],
    isEmpty: () => false,
});
