const UNREADABLE = ["binary", "one2many", "many2many"];

/**
 * The lines that a step has of its own, as the branches of a split: read, and put back as they were.
 *
 * A line that is put back after it was removed has another id; whoever remembers the old one is told.
 */
export class WorkflowLines {
    /**
     * @param {object} orm
     * @param {string} model of the steps
     */
    constructor(orm, model) {
        Object.assign(this, { orm, model, names: {} });
    }

    /**
     * @param {Array} fields of the step that hold lines: pairs of a name and its definition
     * @param {object} values of the step
     * @returns {Promise<object>} the lines by field, each with its `id` and `values`
     */
    async read(fields, values) {
        const lines = {};
        await Promise.all(
            fields.map(async ([name, { relation }]) => {
                const names = await this.getNames(relation);
                const rows = values[name].length
                    ? await this.orm.call(relation, "read", [values[name], names], { load: null })
                    : [];
                lines[name] = rows.map(({ id, ...line }) => ({ id, values: line }));
            })
        );
        return lines;
    }

    /** The fields of a line that are its own. */
    async getNames(relation) {
        if (!this.names[relation]) {
            const attributes = ["type", "store", "readonly", "relation"];
            const fields = await this.orm.call(relation, "fields_get", [[], attributes]);
            this.names[relation] = Object.entries(fields)
                .filter(([name, field]) => name !== "id" && field.store && !field.readonly)
                .filter(([, { type, relation: other }]) => !UNREADABLE.includes(type) && other !== this.model)
                .map(([name]) => name);
        }
        return this.names[relation];
    }

    /**
     * @param {object} now the lines that there are, as :meth:`read` gives them
     * @param {object} target the lines that there are to be
     * @returns {object} what is to be written of the step
     */
    makeCommands(now, target) {
        const commands = {};
        for (const [name, rows] of Object.entries(target)) {
            const here = new Set((now[name] || []).map(({ id }) => id));
            const kept = new Set(rows.map(({ id }) => id));
            commands[name] = [
                ...rows.map(({ id, values }) => (here.has(id) ? [1, id, values] : [0, 0, values])),
                ...[...here].filter((id) => !kept.has(id)).map((id) => [2, id]),
            ];
        }
        return commands;
    }

    /**
     * @param {object} before the lines that there were when those were put back
     * @param {object} target the lines that were put back
     * @param {object} now the lines that there are
     * @returns {Map<number, number>} the new id of each line that was made anew, by the old one
     */
    matchIds(before, target, now) {
        const ids = new Map();
        for (const [name, rows] of Object.entries(target)) {
            const old = new Set((before[name] || []).map(({ id }) => id));
            const made = now[name].map(({ id }) => id).filter((id) => !old.has(id));
            const lost = rows.map(({ id }) => id).filter((id) => !old.has(id));
            made.sort((one, other) => one - other);
            lost.forEach((id, index) => ids.set(id, made[index]));
        }
        return ids;
    }
}
