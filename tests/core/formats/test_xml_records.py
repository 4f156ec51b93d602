"""What the shared XML reader takes, and what it refuses."""

import io
import itertools

import pytest

from diptych.core.formats.record import Reject
from diptych.core.formats.xml_records import records


class OneByteAtATime(io.BytesIO):
    """A file that comes in the smallest pieces."""

    def read(self, size=-1):
        return super().read(min(size, 1))


def texts(xml: bytes | str, names=("record",), **options):
    return texts_of(io.BytesIO(xml.encode() if isinstance(xml, str) else xml), names, **options)


def texts_of(stream, names=("record",), **options):
    return [
        item if isinstance(item, Reject) else item[1].xpath("string()") for item in records(stream, names, **options)
    ]


def test_records_are_found_in_any_namespace_and_outermost_only():
    xml = "<a xmlns='x'><record>1</record><b xmlns='y'><record>2<record>in</record></record></b></a>"
    assert texts(xml) == ["1", "2in"]


def test_records_are_numbered_by_name():
    stream = io.BytesIO(b"<a><Header/><Product/><Product/></a>")
    assert [number for number, _ in records(stream, ("Header", "Product"))] == [1, 1, 2]


def test_damage_in_the_middle_costs_the_rest_only_and_is_told():
    one, rest = texts("<a>\n<record>1</record>\n<record>2</b>\n<record>3</record></a>")
    assert one == "1"
    assert rest.line == 2
    assert "the rest of the file cannot be read" in rest.reason
    assert "line 3" in rest.reason
    assert "a record that had begun is lost" in rest.reason


def test_a_file_that_ends_too_early_is_told():
    one, rest = texts("<a><record>1</record><record>2")
    assert one == "1"
    assert "cannot be read" in rest.reason


def test_a_prefix_that_is_not_declared_costs_nothing():
    assert texts("<z:a><z:record>1</z:record></z:a>") == ["1"]
    one, rest = texts("<z:a>\n<z:record>1</z:record>")
    assert one == "1"
    assert "in line 2" in rest.reason


def test_wrong_bytes_cost_the_rest_only():
    one, rest = texts(b"<a><record>1</record><record>\xff</record></a>")
    assert one == "1"
    assert "not utf-8" in rest.reason


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;"><!ENTITY z "&y;&y;">]>',
        "<!-- c --><?p i?>\n<!DOCTYPE a>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_a_doctype_is_refused_in_every_encoding(doctype, encoding):
    with pytest.raises(ValueError, match="DOCTYPE"):
        texts(f"{doctype}<a><record>&x;</record></a>".encode(encoding))


def test_a_doctype_behind_a_long_comment_or_in_a_hiding_encoding_is_refused():
    with pytest.raises(ValueError, match="no element begins"):
        texts("<!--" + "x" * 70_000 + "--><!DOCTYPE a><a/>")
    with pytest.raises(ValueError, match="encoding is UTF-7"):
        texts(b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a><a/>')


def test_an_external_doctype_may_be_allowed_and_is_never_loaded():
    xml = '<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a><record>caf&eacute;</record></a>'
    assert texts(xml, external_doctype=True, entities={"eacute": "é"}) == ["café"]
    with pytest.raises(ValueError, match="defines something"):
        texts('<!DOCTYPE a SYSTEM "x" [<!ENTITY y "z">]><a/>', external_doctype=True)


def test_entities_are_replaced_across_pieces_but_not_in_cdata_and_comments():
    xml = b"<a><record>&e;&amp;<![CDATA[&e;]]><!-- &e; -->&e;</record></a>"
    stream = OneByteAtATime(b" " * 65_530 + xml)
    assert texts_of(stream, entities={"e": "é", "amp": "!"}) == ["é&&e;é"]


def test_an_entity_that_is_not_known_is_damage():
    (rest,) = texts("<a><record>&nbsp;</record></a>")
    assert "nbsp" in rest.reason


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("<x>" * 40 + "</x>" * 40, "levels"),
        ("<x/>" * 20_001, "elements"),
        ("x" * 1_000_001, "text"),
        (f"<x y='{'x' * 1_000_001}'/>", "text"),
    ],
)
def test_a_record_over_a_bound_costs_itself_only(inside, reason):
    reject, other = texts(f"<a><record>{inside}</record><record>2</record></a>")
    assert reason in reject.reason
    assert len(reject.raw) < 3_000
    assert other == "2"


def test_depth_outside_records_is_bounded_too():
    (rest,) = texts("<x>" * 5_000)
    assert "cannot be read" in rest.reason


def test_a_file_without_an_end_of_a_record_is_given_up():
    pieces = itertools.chain([b"<a>"], itertools.repeat(b"<x/>" * 10_000))

    class Endless(io.RawIOBase):
        def read(self, size=-1):  # noqa: ARG002
            return next(pieces)

    (rest,) = records(Endless(), ("record",))
    assert "no record ends in 4 MiB" in rest.reason


def test_what_was_read_is_forgotten():
    xml = b"<a>" + b"<s/><w><record><x/></record></w>\n" * 5_000 + b"</a>"
    most = 0
    for _, element in records(io.BytesIO(xml), ("record",)):
        most = max(most, int(element.xpath("count(//*)")))
    # The first piece of the file has 64 KiB, of 34 bytes with four elements each.
    assert most < 8_500


def test_the_encoding_can_be_overridden():
    xml = '<?xml version="1.0" encoding="utf-8"?><a><record>Толстой</record></a>'.encode("cp1251")
    assert texts(xml, encoding="cp1251") == ["Толстой"]
