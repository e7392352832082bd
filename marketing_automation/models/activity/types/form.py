"""What the form of an activity shows of its type: the fields of its settings, without a view for each type."""

from lxml import etree

from odoo import api, models

REQUIRED = ' required="True"'
READ = ("string", "placeholder", "title", "aria-label", "confirm")  # attributes that people read


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            show_types(self.env, arch, self._get_described_types(), "activity_type")
        return arch, view


def show_types(env, arch, types, type_field):
    """Have the group called ``what`` of a form show of each type what is for it alone.

    :param env: the environment, for its language
    :param arch: of the form, which is changed; one without that group stays as it is
    :param dict types: descriptions with ``settings``, ``required``, ``form`` and ``form_texts``, such as
        :class:`ActivityType`, by name
    :param str type_field: which field says the type
    """
    for group in arch.xpath("//group[@name='what']"):
        for described in types.values():
            group.extend(_make_nodes(env, described, type_field))


def _make_nodes(env, described, type_field):
    form = described.form
    if form is None:
        form = "".join(
            f'<field name="{fname}"{REQUIRED if setting in described.required else ""}/>'
            for setting, fname in described.settings.items()
        )
    texts = {" ".join(text._source.split()): env._(text) for text in described.form_texts}
    other = f"{type_field} != '{described.name}'"
    nodes = show_unless(other, form)
    for node in nodes:
        _translate(node, texts)
    return nodes


def show_unless(other, form):
    """Return the nodes of a part of a form, as it is shown, and required, only where a condition does not hold.

    They stand in no group of their own: beside a group, Odoo shows the other fields without their labels.

    :param str other: the condition
    :param str form: XML
    """
    nodes = list(etree.fromstring(f"<group>{form}</group>"))
    for node in nodes:
        hidden, required = node.get("invisible"), node.get("required")
        node.set("invisible", f"{other} or ({hidden})" if hidden else other)
        if required:
            node.set("required", f"not ({other}) and ({required})")
    return nodes


def _translate(node, texts):
    """Put what people read of a form into their language.

    :param dict texts: translations by what stands there
    """
    for part in node.iter():
        for name in READ:
            if part.get(name) in texts:
                part.set(name, texts[part.get(name)])
        words = " ".join((part.text or "").split())
        if words in texts:
            part.text = texts[words]
