import { registry } from "@web/core/registry";

const menu = (name) => [
    { trigger: ".o_menu_sections button:contains('Reporting')", run: "click" },
    { trigger: `.o-dropdown--menu .dropdown-item:contains('${name}')`, run: "click" },
];

/** The reports, each as graph, pivot and list. */
registry.category("web_tour.tours").add("marketing_automation_reports", {
    steps: () => [
        ...menu("Traces"),
        { trigger: ".o_graph_view .o_graph_canvas_container canvas" },
        { trigger: ".o_searchview .o_facet_values:contains('Not Tests')" },
        { content: "As a pie", trigger: ".o_graph_button[data-mode='pie']", run: "click" },
        { trigger: ".o_graph_button[data-mode='pie'].active" },
        { content: "As lines", trigger: ".o_graph_button[data-mode='line']", run: "click" },
        { trigger: ".o_graph_button[data-mode='line'].active" },
        { trigger: ".o_switch_view.o_pivot", run: "click" },
        { trigger: ".o_pivot_view .o_pivot_cell_value:contains('5')" },
        { trigger: ".o_switch_view.o_list", run: "click" },
        { trigger: ".o_list_view .o_data_row:contains('Welcome')" },
        ...menu("Participants"),
        { content: "Bars: campaigns are compared", trigger: ".o_graph_button[data-mode='bar'].active" },
        { trigger: ".o_switch_view.o_pivot", run: "click" },
        { trigger: ".o_pivot_view .o_pivot_cell_value:contains('5')" },
        ...menu("Link Tracker"),
        { trigger: ".o_graph_view .o_graph_canvas_container canvas" },
        { trigger: ".o_switch_view.o_pivot", run: "click" },
        { trigger: ".o_pivot_view .o_pivot_header_cell_closed:contains('https://shop.example.com/catalogue')" },
        { trigger: ".o_pivot_view .o_pivot_cell_value:contains('1')" },
        { trigger: ".o_switch_view.o_list", run: "click" },
        { trigger: ".o_list_view .o_data_row" },
        ...menu("Results"),
        { trigger: ".o_pivot_view .o_pivot_cell_value:contains('20.00%')" },
        { trigger: ".o_switch_view.o_list", run: "click" },
        { trigger: ".o_list_view .o_data_row:contains('Welcome') .o_data_cell:contains('Welcome')", run: "click" },
        { content: "Who it is", trigger: ".o_breadcrumb:contains('Welcome: Processed')" },
        ...menu("By Week of Entry"),
        { trigger: ".o_pivot_view .o_pivot_cell_value:contains('5')" },
        ...menu("Deliverability"),
        { trigger: ".o_pivot_view .o_pivot_header_cell_closed:contains('people.example.com')" },
    ],
});
