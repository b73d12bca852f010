"""Bringing together what two runs made of one document: nothing that was written is lost, nothing newer overwritten."""

from aze_plugin.domain.threeway import Conflict, merge


def test_what_only_one_has_changed_is_taken_from_that_one():
    base = {"site": {"name": "A", "note": "old"}, "date": "2024"}
    mine = {"site": {"name": "A", "note": "mine"}, "date": "2024"}
    theirs = {"site": {"name": "B", "note": "old"}, "date": "2025"}
    merged = merge(base, mine, theirs)
    assert merged.document == {"site": {"name": "B", "note": "mine"}, "date": "2025"}
    assert merged.taken == ("/site/note",)
    assert merged.conflicts == ()


def test_what_both_have_changed_stays_as_theirs_and_is_said():
    merged = merge({"a": 1}, {"a": 2}, {"a": 3})
    assert merged.document == {"a": 3} and merged.taken == ()
    assert merged.conflicts == (Conflict("/a", 2, 3),)


def test_equal_changes_are_none():
    merged = merge({"a": 1}, {"a": 2}, {"a": 2})
    assert merged.document == {"a": 2} and not merged.taken and not merged.conflicts


def test_what_was_begun_is_named_member_by_member():
    merged = merge(None, {"proposer": {"name": "Ines", "email": "i@example.org"}}, None)
    assert merged.document == {"proposer": {"name": "Ines", "email": "i@example.org"}}
    assert merged.taken == ("/proposer/name", "/proposer/email")


def test_what_was_removed_stays_removed_unless_it_was_changed_since():
    assert merge({"a": 1, "b": 2}, {"b": 2}, {"a": 1, "b": 2}).document == {"b": 2}
    kept = merge({"a": 1}, {}, {"a": 9})
    assert kept.document == {"a": 9} and kept.conflicts == (Conflict("/a", None, 9),)
    gone = merge({"a": 1}, {"a": 2}, {})
    assert gone.document == {} and gone.conflicts == (Conflict("/a", 2, None),)


def test_rows_are_told_apart_where_there_are_as_many():
    base = [{"taxon": "x", "note": ""}, {"taxon": "y", "note": ""}]
    mine = [{"taxon": "x", "note": "mine"}, {"taxon": "y", "note": ""}]
    theirs = [{"taxon": "x", "note": ""}, {"taxon": "y", "note": "theirs"}]
    merged = merge(base, mine, theirs)
    assert [row["note"] for row in merged.document] == ["mine", "theirs"]
    assert merged.taken == ("/0/note",)


def test_lists_that_both_have_made_longer_are_not_mixed():
    merged = merge([1], [1, 2], [1, 3])
    assert merged.document == [1, 3] and merged.conflicts == (Conflict("", [1, 2], [1, 3]),)


def test_members_with_strokes_in_their_names_have_a_pointer():
    merged = merge({}, {"a/b~c": 1}, {})
    assert merged.taken == ("/a~1b~0c",)
