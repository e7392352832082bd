"""The pages that whoever has a link of a campaign sees, in their language."""

from odoo.http import request


class PublicPages:
    """Mixin of controllers that show pages which stand outside of any website."""

    def _render_page(self, template, values=None, **options):
        """Render a page in the visitor's language.

        :param template: the external id of a view
        :param options: those of `request.render`
        """
        if language := self._get_visitor_language():
            request.update_context(lang=language)
        return request.render(template, values, **options)

    def _answer_nothing(self):
        """Answer that a page of a website is not there, for an address that can be none.

        On an exception Odoo looks for a file of that name, and fails again.
        """
        return request.make_response("", status=404)

    def _get_visitor_language(self):
        """Return the code of the installed language that suits the visitor best; None for the one Odoo chose.

        It is the one chosen on the website, or the browser's; who is logged in has one in Odoo.
        """
        chosen = [request.cookies.get("frontend_lang")]
        if request.env.user._is_public():
            chosen += [tag.replace("-", "_") for tag in request.httprequest.accept_languages.values()]
        installed = [code for code, _name in request.env["res.lang"].get_installed()]
        for language in filter(None, chosen):
            short = language.split("_")[0]
            found = language if language in installed else None
            if found := found or next((code for code in installed if code.split("_")[0] == short), None):
                return found
        return None
