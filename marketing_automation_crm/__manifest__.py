{
    "name": "Marketing Automation: Leads",
    "version": "19.0.1.6.0",
    "category": "Marketing/Marketing Automation",
    "summary": "Campaigns on leads, and the leads and the revenue that campaigns bring in",
    "author": "Marketing Automation Community",
    "license": "LGPL-3",
    "depends": ["marketing_automation", "mass_mailing_crm"],
    "data": [
        "data/campaign_template_emails.xml",
        "views/crm_lead_views.xml",
        "views/marketing_campaign_views.xml",
    ],
    "assets": {
        "web.assets_tests": [
            "marketing_automation_crm/static/tests/tours/**/*",
        ],
    },
    "auto_install": True,
    "installable": True,
}
