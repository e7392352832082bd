{
    "name": "Marketing Automation: Branches and Ways Back (example)",
    "version": "19.0.0.1.0",
    "category": "Hidden/Tests",
    "summary": "What a companion addon needs for steps that choose a branch, and for ways that come back",
    "author": "Marketing Automation Community",
    "license": "LGPL-3",
    "depends": ["marketing_automation"],
    "installable": True,
}
