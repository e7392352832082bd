{
    "name": "Marketing Automation: Letters (example of an earlier release)",
    "version": "19.0.0.1.0",
    "category": "Hidden/Tests",
    "summary": "An activity type as companion addons of 19.0.1.0.3 made it",
    "author": "Marketing Automation Community",
    "license": "LGPL-3",
    "depends": ["marketing_automation"],
    "installable": True,
}
