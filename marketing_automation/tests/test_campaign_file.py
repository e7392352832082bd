import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine.campaign_file import MOST_BYTES, CampaignFileError, read_campaign_file
from ..engine.filter_ids import name_ids, put_ids

STEP = {"key": "1", "parent": None, "values": {"name": "Welcome"}, "branches": [], "mailing": 0, "action": 0}
GOOD = {
    "format": "marketing_automation.campaigns",
    "version": 1,
    "release": "19.0.1.6.0",
    "references": [{"model": "utm.tag", "xmlid": None, "key": None, "name": "Spring"}],
    "campaigns": [
        {
            "target": "res.partner",
            "target_name": "Contact",
            "values": {"name": "Spring", "tag_ids": [{"ref": 0}], "domain": "[('id', '=', ref_0)]"},
            "entries": [{"values": {"entry_type": "filter"}}],
            "activities": [STEP, {**STEP, "key": "2", "parent": "1", "branches": [{"values": {"name": "A"}}]}],
            "mailings": [{"values": {"subject": "Hello"}, "attachments": [0]}],
            "actions": [{"values": {"name": "Tag"}, "children": [{"values": {"name": "Child"}}], "withheld": True}],
            "files": [{"name": "price.pdf", "mimetype": "application/pdf", "content": "eA=="}],
        }
    ],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=6,
)


def find_places(value, path=()):
    """Yield the way to each value inside another."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*path, key)
        yield from find_places(part, (*path, key))


PLACES = list(find_places(GOOD))


def put(path, value):
    """Return a good file that has another value at one place."""
    data = copy.deepcopy(GOOD)
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return data


@tagged("post_install", "-at_install")
class TestCampaignFile(BaseCase):
    """The file of campaigns is read, or refused in words, whatever it is."""

    def _refuse(self, content, words):
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        with self.assertRaisesRegex(CampaignFileError, words):
            read_campaign_file(content)

    def test_a_good_one(self):
        file = read_campaign_file(json.dumps(GOOD).encode())
        [campaign] = file.campaigns
        self.assertEqual((campaign.name, campaign.target, len(campaign.activities)), ("Spring", "res.partner", 2))
        self.assertEqual(campaign.activities[1].branches, ({"name": "A"},))
        self.assertEqual((campaign.files[0].name, campaign.files[0].content), ("price.pdf", b"x"))
        self.assertEqual((campaign.actions[0].withheld, len(campaign.actions[0].children)), (True, 1))
        self.assertEqual((file.references[0].name, file.unknown), ("Spring", set()))

    @settings(max_examples=200, deadline=None)
    @given(path=st.sampled_from(PLACES), value=JSON)
    def test_anything_at_any_place(self, path, value):
        content = json.dumps(put(path, value)).encode()
        try:
            read_campaign_file(content)
        except CampaignFileError as error:
            self.assertTrue(0 < len(str(error)) < 1_000)

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()))
    def test_anything_at_all(self, content):
        self._refuse(content, ".")

    def test_cut_off_anywhere(self):
        content = json.dumps(GOOD).encode()
        for length in range(0, len(content), 7):
            self._refuse(content[:length], "no JSON")

    def test_what_is_too_much(self):
        self._refuse(b" " * (MOST_BYTES + 1), "11 MB: it takes at most 10 MB")
        self._refuse(b"[" * MOST_BYTES, "nested too deeply")
        self._refuse(b'{"a":' * 100_000, "nested too deeply")
        self._refuse(put(("campaigns", 0, "values", "goal_behavior"), json.loads("[" * 60 + "]" * 60)), "deeply")
        self._refuse(put(("references",), [{"model": "x"}] * 20_001), "more than 20000 “references”")
        self._refuse(put(("campaigns",), GOOD["campaigns"] * 201), "more than 200")
        self._refuse(b'{"a":' + b"9" * 5_000 + b"}", "no JSON")

    def test_other_versions(self):
        self._refuse(put(("version",), 2), "made by a newer release")
        for version in (0, -1, "1", None, True, 1.0):
            self._refuse(put(("version",), version), "does not say in which version")
        self._refuse(put(("format",), "other"), "not made by “Export Campaigns”")

    def test_cycles(self):
        steps = [{**STEP, "key": key, "parent": parent} for key, parent in (("1", "3"), ("2", "1"), ("3", "2"))]
        self._refuse(put(("campaigns", 0, "activities"), steps), "“Welcome” cannot be placed")
        self._refuse(put(("campaigns", 0, "activities", 0, "parent"), "1"), "cannot be placed")
        self._refuse(put(("campaigns", 0, "activities", 1, "parent"), "nobody"), "cannot be placed")
        self._refuse(put(("campaigns", 0, "activities", 1, "key"), "1"), "“key”")
        deep = [{**STEP, "key": str(n), "parent": str(n - 1) if n else None} for n in range(1_000)]
        self.assertEqual(
            len(read_campaign_file(json.dumps(put(("campaigns", 0, "activities"), deep)).encode()).campaigns), 1
        )
        action = {"values": {}}
        for _level in range(6):
            action = {"values": {}, "children": [action]}
        self._refuse(put(("campaigns", 0, "actions", 0), action), "nested too deeply")

    def test_what_leads_elsewhere(self):
        for name in ("../../etc/passwd", "/etc/passwd", "C:\\x", "..", "a\nb", " "):
            self._refuse(put(("campaigns", 0, "files", 0, "name"), name), "no name of a file|“name”")
        self._refuse(put(("campaigns", 0, "files", 0, "content"), "not base64!"), "cannot be read")
        self._refuse(put(("campaigns", 0, "target"), "res.partner; DROP"), "“target”")
        for path, value in (
            (("values", "tag_ids", 0, "ref"), 1),
            (("activities", 0, "mailing"), 7),
            (("activities", 0, "action"), -1),
            (("mailings", 0, "attachments"), [3]),
        ):
            self._refuse(put(("campaigns", 0, *path), value), "cannot be read")
        self._refuse(put(("campaigns", 0, "values", "name"), "a\0b"), "cannot be stored")
        self._refuse(put(("campaigns", 0, "values", "name"), " "), "“name”")

    def test_what_is_not_known(self):
        self.assertEqual(read_campaign_file(json.dumps(put(("more",), 1)).encode()).unknown, {"more"})


@tagged("post_install", "-at_install")
class TestFilterIds(BaseCase):
    """The ids in the text of a filter are named, and nothing else of it changes."""

    def _name(self, text):
        return name_ids(text, "res.partner", self._find, lambda model, id_: f"{id_}{len(model)}")

    def _find(self, model, path):
        return {"tag_ids": "tag", "id": model, "user_id": "res.users", "child_ids": model}.get(path)

    def test_what_is_named(self):
        for text, named in (
            ("[]", "[]"),
            ("[('tag_ids', 'in', [5, 7])]", "[('tag_ids', 'in', [ref_53, ref_73])]"),
            ('[ ("user_id","=",uid), ("name","=","5") ]', '[ ("user_id","=",uid), ("name","=","5") ]'),
            ("['|', ('color', '=', 5), ('user_id', '=', 5)]", "['|', ('color', '=', 5), ('user_id', '=', ref_59)]"),
            ("['&', '|', ('id', '=', 1)]", "['&', '|', ('id', '=', ref_111)]"),
            ("[('tag_ids', '=', False), ('tag_ids', '=', 'é')]", "[('tag_ids', '=', False), ('tag_ids', '=', 'é')]"),
            (
                "[('name', '=', 'ééé'), ('child_ids', 'any', [('tag_ids', '=', 1), ('color', '=', 1)])]",
                "[('name', '=', 'ééé'), ('child_ids', 'any', [('tag_ids', '=', ref_13), ('color', '=', 1)])]",
            ),
            ("[\n('id', '=', 1),\n('id', '=', 22)]", "[\n('id', '=', ref_111),\n('id', '=', ref_2211)]"),
            ("[('create_date', '>', context_today())]", "[('create_date', '>', context_today())]"),
        ):
            self.assertEqual(self._name(text), named)

    @settings(max_examples=100, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["tag_ids", "color", "id", "name"]),
                st.sampled_from(["=", "in", "not in"]),
                st.integers(-5, 10**6) | st.text(max_size=4) | st.booleans() | st.lists(st.integers(1, 99), max_size=3),
            ),
            max_size=4,
        )
    )
    def test_there_and_back(self, domain):
        ids = []

        def number(model, id_):
            ids.append(id_)
            return len(ids) - 1

        text = repr(domain)
        try:
            named = name_ids(text, "res.partner", self._find, number)
        except ValueError:  # signs and quotes that no filter takes
            return
        self.assertEqual(put_ids(named, ids.__getitem__), text)

    def test_what_cannot_be_read(self):
        for text in ("[", "[('id', '=', ref_0)" * 20_000, "(" * 40, None, 5, "[('id', '=', __import__('os')"):
            with self.assertRaises(ValueError):
                put_ids(text, int)
        self.assertEqual(put_ids("[('name', '=', 'ref_1')]", int), "[('name', '=', 'ref_1')]")
