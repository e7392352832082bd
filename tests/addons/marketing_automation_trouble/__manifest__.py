{
    "name": "Marketing Automation: Trouble (for tests)",
    "version": "19.0.0.1.0",
    "category": "Hidden/Tests",
    "summary": "What the code of a server action may do, and should not",
    "author": "Marketing Automation Community",
    "license": "LGPL-3",
    "depends": ["marketing_automation"],
}
