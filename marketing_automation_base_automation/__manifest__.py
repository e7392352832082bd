{
    "name": "Marketing Automation: Automation Rules",
    "version": "19.0.1.6.0",
    "category": "Marketing/Marketing Automation",
    "summary": "People enter campaigns when something happens to their records",
    "author": "Marketing Automation Community",
    "license": "LGPL-3",
    "depends": ["marketing_automation", "base_automation"],
    "assets": {
        "web.assets_backend": ["marketing_automation_base_automation/static/src/**/*"],
    },
    "auto_install": True,
    "installable": True,
}
