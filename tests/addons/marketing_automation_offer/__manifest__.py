{
    "name": "Marketing Automation: Offer (example)",
    "version": "19.0.0.1.0",
    "category": "Hidden/Tests",
    "summary": "A campaign template and nothing else",
    "author": "Marketing Automation Community",
    "license": "LGPL-3",
    "depends": ["marketing_automation"],
    "data": ["data/emails.xml"],
}
