{
    "name": "Marketing Automation: Notes (example)",
    "version": "19.0.0.1.0",
    "category": "Hidden/Tests",
    "summary": "An activity type of its own: what a companion addon needs",
    "author": "Marketing Automation Community",
    "license": "LGPL-3",
    "depends": ["marketing_automation"],
    "installable": True,
}
