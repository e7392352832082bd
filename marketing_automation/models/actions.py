def named_action(env, xmlid, name, **values):
    """Return an action as it is stored, under another name.

    :param str xmlid: of a window action
    :param str name: what the breadcrumb says: the web client takes it from the display name
    :param values: of the action, in place of its own
    :rtype: dict
    """
    action = env["ir.actions.act_window"]._for_xml_id(xmlid)
    return dict(action, name=name, display_name=name, **values)
