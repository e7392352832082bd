def migrate(cr, version):
    """Install the addon that came with this version, where what it belongs to is there: an upgrade installs none."""
    cr.execute(
        """
        UPDATE ir_module_module SET state = 'to install'
         WHERE name = 'marketing_automation_base_automation' AND state = 'uninstalled'
           AND EXISTS (SELECT 1 FROM ir_module_module WHERE name = 'base_automation' AND state = 'installed')
        """
    )
