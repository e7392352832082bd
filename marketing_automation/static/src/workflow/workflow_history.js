import { _t } from "@web/core/l10n/translation";

import { WorkflowLines } from "./workflow_lines";

const MODEL = "marketing.activity";
// What a dialog changes beside what it writes, or what nobody but the server does
const KEPT = ["id", "campaign_id", "child_ids", "trace_ids"];
const UNREADABLE = ["binary", "one2many"];
const MOST = 100; // changes that are remembered

/**
 * The changes that somebody made to a workflow since the form was opened, to be undone and done again.
 *
 * Each is saved when it is made, so that undoing one is a change as well: it puts back the values that were there,
 * takes back what was removed, and removes what was added. Texts of messages are not put back.
 *
 * A change has a `label`, and any of `write` ({id, before, after}), `lines` (likewise, as WorkflowLines reads them),
 * `added` and `removed` (ids of activities).
 */
export class WorkflowHistory {
    constructor(orm) {
        this.orm = orm;
        this.done = [];
        this.undone = [];
        this.lines = new WorkflowLines(orm, MODEL);
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
        const { added = [], removed = [] } = change;
        await this.takeBack(removed);
        await this.putBack(change, "before");
        await this.remove(added);
        this.undone.push(change);
        return change;
    }

    /** Do again what was undone last. */
    async redo() {
        const change = this.undone.pop();
        const { added = [], removed = [] } = change;
        await this.takeBack(added);
        await this.putBack(change, "after");
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

    /**
     * Write what a change found, or left behind.
     *
     * @param {object} change
     * @param {"before" | "after"} when
     */
    async putBack(change, when) {
        const { write, lines } = change;
        if (!lines) {
            return write && this.orm.write(MODEL, [write.id], write[when]);
        }
        const { lines: now } = await this.read(lines.id);
        const values = { ...(write ? write[when] : {}), ...this.lines.makeCommands(now, lines[when]) };
        await this.orm.write(MODEL, [lines.id], values);
        const { lines: made } = await this.read(lines.id);
        const ids = this.lines.matchIds(now, lines[when], made);
        if (ids.size) {
            [change, ...this.done, ...this.undone].forEach((other) => this.renumber(other, ids));
        }
    }

    /** Have a change mean the lines that were made anew. */
    renumber({ write, lines }, ids) {
        for (const when of ["before", "after"]) {
            for (const name of write ? this.lineFields : []) {
                if (ids.has(write[when][name])) {
                    write[when][name] = ids.get(write[when][name]);
                }
            }
            for (const line of lines ? Object.values(lines[when]).flat() : []) {
                line.id = ids.get(line.id) || line.id;
            }
        }
    }

    /** The fields by which a step names a line of another one. */
    get lineFields() {
        const kept = ([name, { type, store }]) => type === "one2many" && store && !KEPT.includes(name);
        const models = Object.entries(this.fields)
            .filter(kept)
            .map(([, { relation }]) => relation);
        return Object.entries(this.fields)
            .filter(([, { type, relation }]) => type === "many2one" && models.includes(relation))
            .map(([name]) => name);
    }

    // ------------------------------------------------------------
    // Values
    // ------------------------------------------------------------

    /**
     * @param {number} id of an activity
     * @returns {Promise<object>} the `values` and the `lines` that can be put back
     */
    async read(id) {
        this.fields ||= await this.orm.call(MODEL, "fields_get", [[], ["type", "store", "readonly", "relation"]]);
        const isKept = ([name, { store, readonly }]) => store && !readonly && !KEPT.includes(name);
        const fields = Object.entries(this.fields).filter(isKept);
        const names = fields.map(([name]) => name);
        const [values] = await this.orm.call(MODEL, "read", [[id], names], { load: null });
        delete values.id;
        const lines = await this.lines.read(
            fields.filter(([, { type }]) => type === "one2many"),
            values
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
        const changed = Object.keys(now.values).filter(
            (fname) => JSON.stringify(now.values[fname]) !== JSON.stringify(before.values[fname])
        );
        const change = { label: _t("Edit “%s”", name) };
        if (changed.length) {
            const pick = (values) => Object.fromEntries(changed.map((fname) => [fname, values[fname]]));
            change.write = { id, before: pick(before.values), after: pick(now.values) };
        }
        if (JSON.stringify(now.lines) !== JSON.stringify(before.lines)) {
            change.lines = { id, before: before.lines, after: now.lines };
        }
        if (change.write || change.lines) {
            this.push(change);
        }
    }
}
