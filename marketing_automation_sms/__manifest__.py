{
    "name": "Marketing Automation: SMS",
    "version": "19.0.1.6.0",
    "category": "Marketing/Marketing Automation",
    "summary": "Send text messages in campaigns, and react to clicks and bounces",
    "author": "Marketing Automation Community",
    "license": "LGPL-3",
    "depends": ["marketing_automation", "mass_mailing_sms"],
    "data": [
        "security/marketing_automation_sms_rules.xml",
        "views/mailing_mailing_views.xml",
        "views/marketing_activity_views.xml",
        "views/marketing_automation_sms_pages.xml",
        "views/res_config_settings_views.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "marketing_automation_sms/static/src/**/*",
        ],
        "web.assets_tests": [
            "marketing_automation_sms/static/tests/tours/**/*",
        ],
    },
    "uninstall_hook": "uninstall_hook",
    "auto_install": True,
    "installable": True,
}
