{
    "name": "Marketing Automation: Automation Rules",
    "version": "19.0.1.3.0",
    "category": "Marketing/Marketing Automation",
    "summary": "Says where Odoo's automation rules cannot see what campaigns do",
    "author": "Marketing Automation Community",
    "license": "LGPL-3",
    "depends": ["marketing_automation", "base_automation"],
    "auto_install": True,
    "installable": True,
}
