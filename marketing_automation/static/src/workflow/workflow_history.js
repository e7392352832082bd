import { _t } from "@web/core/l10n/translation";

const MODEL = "marketing.activity";
// What a dialog changes beside what it writes, or what nobody but the server does
const KEPT = ["id", "campaign_id", "child_ids", "trace_ids"];
const UNREADABLE = ["binary", "one2many"];
const MOST = 100; // changes that are remembered

/**
 * The changes that somebody made to a workflow since the form was opened, to be undone and done again.
 *
 * Each is saved when it is made, so that undoing one is a change as well: it puts back the values that were there,
 * takes back what was removed, and removes what was added. Texts of messages, and lines that a step has, are not put
 * back.
 *
 * A change has a `label`, and any of `write` ({id, before, after}), `added` and `removed` (ids of activities).
 */
export class WorkflowHistory {
    constructor(orm) {
        this.orm = orm;
        this.done = [];
        this.undone = [];
    }

    get next() {
        return this.done.at(-1);
    }

    get last() {
        return this.undone.at(-1);
    }

    push(change) {
        this.done.push(change);
        this.done.splice(0, this.done.length - MOST);
        this.undone = [];
    }

    clear() {
        this.done = [];
        this.undone = [];
    }

    /** Undo the last change. */
    async undo() {
        const change = this.done.pop();
        const { write, added = [], removed = [] } = change;
        await this.takeBack(removed);
        if (write) {
            await this.orm.write(MODEL, [write.id], write.before);
        }
        await this.remove(added);
        this.undone.push(change);
        return change;
    }

    /** Do again what was undone last. */
    async redo() {
        const change = this.undone.pop();
        const { write, added = [], removed = [] } = change;
        await this.takeBack(added);
        if (write) {
            await this.orm.write(MODEL, [write.id], write.after);
        }
        await this.remove(removed);
        this.done.push(change);
        return change;
    }

    /**
     * Remove activities with all below them, so that they can be taken back.
     *
     * @param {number[]} ids
     * @returns {Promise<number[]>} of all that were removed
     */
    async remove(ids) {
        return ids.length ? this.orm.call(MODEL, "action_remove", [ids, true]) : [];
    }

    async takeBack(ids) {
        if (ids.length) {
            await this.orm.write(MODEL, ids, { active: true });
        }
    }

    // ------------------------------------------------------------
    // Values
    // ------------------------------------------------------------

    /**
     * @param {number} id of an activity
     * @returns {Promise<object>} the `values` that can be put back, and the `lines` that cannot
     */
    async read(id) {
        this.fields ||= await this.orm.call(MODEL, "fields_get", [[], ["type", "store", "readonly", "relation"]]);
        const isKept = ([name, { store, readonly }]) => store && !readonly && !KEPT.includes(name);
        const fields = Object.entries(this.fields).filter(isKept);
        const names = fields.map(([name]) => name);
        const [values] = await this.orm.call(MODEL, "read", [[id], names], { load: null });
        delete values.id;
        const lines = await Promise.all(
            fields
                .filter(([name, { type }]) => type === "one2many" && values[name].length)
                .map(([name, { relation }]) => this.orm.read(relation, values[name], ["write_date"]))
        );
        for (const [name, { type }] of fields) {
            if (type === "many2many") {
                values[name] = [[6, 0, values[name]]];
            } else if (UNREADABLE.includes(type)) {
                delete values[name];
            }
        }
        return { values, lines };
    }

    /**
     * Remember what a dialog changed.
     *
     * @param {number} id of the activity
     * @param {string} name what it is called
     * @param {object} before what :meth:`read` gave before
     */
    async pushEdit(id, name, before) {
        const now = await this.read(id);
        if (JSON.stringify(now.lines) !== JSON.stringify(before.lines)) {
            this.clear(); // older changes would be put back around what is new
            return;
        }
        const changed = Object.keys(now.values).filter(
            (fname) => JSON.stringify(now.values[fname]) !== JSON.stringify(before.values[fname])
        );
        if (changed.length) {
            const pick = (values) => Object.fromEntries(changed.map((fname) => [fname, values[fname]]));
            const write = { id, before: pick(before.values), after: pick(now.values) };
            this.push({ label: _t("Edit “%s”", name), write });
        }
    }
}
