"""What the form of an entry shows of its type: the fields of its settings, without a view for each type."""

from lxml import etree

from odoo import api, models

from ...activity.types.form import translate_node


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        [group] = arch.xpath("//group[@name='what']") or [None]
        if view_type == "form" and group is not None:
            for described in self._get_types().values():
                for node in self._make_form_nodes(described):
                    group.append(node)
        return arch, view

    @api.model
    def _make_form_nodes(self, described):
        """Return what the form shows for entries of a type alone.

        :param EntryType described:
        """
        form = described.form
        if form is None:
            form = "".join(f'<field name="{fname}"/>' for fname in described.settings.values())
        texts = {" ".join(text._source.split()): self.env._(text) for text in described.form_texts}
        required = {described.settings[setting] for setting in described.required}
        other = f"entry_type != '{described.name}'"
        nodes = list(etree.fromstring(f"<group>{form}</group>"))
        for node in nodes:
            translate_node(node, texts)
            hidden = node.get("invisible")
            node.set("invisible", f"{other} or ({hidden})" if hidden else other)
            for field in node.iter("field"):
                if field.get("name") in required:
                    field.set("required", f"not ({other})")
        return nodes
