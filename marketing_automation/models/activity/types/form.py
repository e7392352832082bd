"""What the form of an activity shows of its type: the fields of its settings, without a view for each type."""

from lxml import etree

from odoo import api, models

REQUIRED = ' required="True"'
READ = ("string", "placeholder", "title", "aria-label")  # attributes that people read


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        [group] = arch.xpath("//group[@name='what']") or [None]
        if view_type == "form" and group is not None:
            for described in self._get_described_types().values():
                for node in self._make_form_nodes(described):
                    group.append(node)
        return arch, view

    @api.model
    def _make_form_nodes(self, described):
        """Return what the form shows for activities of a type alone.

        :param ActivityType described:
        """
        form = described.form
        if form is None:
            form = "".join(
                f'<field name="{fname}"{REQUIRED if setting in described.required else ""}/>'
                for setting, fname in described.settings.items()
            )
        texts = {" ".join(text._source.split()): self.env._(text) for text in described.form_texts}
        other = f"activity_type != '{described.name}'"
        nodes = list(etree.fromstring(f"<group>{form}</group>"))
        for node in nodes:
            translate_node(node, texts)
            hidden, required = node.get("invisible"), node.get("required")
            node.set("invisible", f"{other} or ({hidden})" if hidden else other)
            if required:
                node.set("required", f"not ({other}) and ({required})")
        return nodes


def translate_node(node, texts):
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
