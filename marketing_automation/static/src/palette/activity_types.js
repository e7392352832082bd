import { registry } from "@web/core/registry";

/** The types of activities with their icons, words and groups: asked of the server once. */
export const activityTypesService = {
    dependencies: ["orm"],
    start(env, { orm }) {
        let types = null;
        const load = async () => {
            types ||= orm.silent.call("marketing.activity", "get_palette", []);
            try {
                return await types;
            } catch (error) {
                types = null; // no connection: the next one asks again
                throw error;
            }
        };
        return { load };
    },
};

registry.category("services").add("marketing_activity_types", activityTypesService);
