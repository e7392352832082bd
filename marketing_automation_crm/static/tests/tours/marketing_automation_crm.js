import { registry } from "@web/core/registry";

/** The leads and the revenue that a campaign brought in, from its form. */
registry.category("web_tour.tours").add("marketing_automation_crm_buttons", {
    steps: () => [
        {
            content: "Both numbers show, the revenue with its currency",
            trigger: "button[name=action_view_revenue] .o_stat_value:contains($):contains(270.00)",
        },
        {
            content: "Open the leads",
            trigger: "button[name=action_view_leads] .o_stat_value:contains(3)",
            run: "click",
        },
        { content: "All of them, the lost one too", trigger: ".o_list_view .o_data_row:nth-child(3)" },
        { content: "Back to the campaign", trigger: ".breadcrumb .o_back_button a", run: "click" },
        { content: "Open the revenue", trigger: "button[name=action_view_revenue]", run: "click" },
        { content: "As a graph", trigger: ".o_graph_view canvas" },
        { content: "Then as a table", trigger: ".o_switch_view.o_pivot", run: "click" },
        { content: "What is lost is left out", trigger: ".o_pivot_cell_value:contains(270.00)" },
    ],
});
