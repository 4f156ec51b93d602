import csv
import gc
import gzip
import io
import json
import random
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diptych.core.formats.record import Reject
from diptych.core.formats.tables.cells import guarded
from diptych.core.import_export.csv_rows import FIELD_LIMIT, RECORD_LINES
from diptych.core.import_export.file_reader import rows
from diptych.core.import_export.json_rows import NESTING_LIMIT
from diptych.core.import_export.text_source import LINE_LIMIT, RAW_LIMIT, open_text


def read(text: str, file_format="csv"):
    return list(rows(io.StringIO(text, newline=""), file_format))


def reasons(numbered):
    """Return the line number and reason of a reject, and the line number and row of the rest."""
    return [(line, row.reason if isinstance(row, Reject) else row) for line, row in numbered]


def read_file(path: Path, file_format="csv", encoding="utf-8"):
    with open_text(path, encoding) as stream:
        return list(rows(stream, file_format))


# --- the file ---


def test_a_byte_order_mark_is_dropped(tmp_path):
    path = tmp_path / "books.csv"
    path.write_bytes(b"\xef\xbb\xbftitle\nX\n")
    assert read_file(path) == [(2, {"title": "X"})]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "UTF8"])
def test_a_byte_order_mark_is_dropped_in_other_encodings_too(tmp_path, encoding):
    path = tmp_path / "books.csv"
    mark = "\ufeff" if encoding.endswith(("le", "be", "8")) else ""
    path.write_bytes(f"{mark}title\r\nÉ\r\n".encode(encoding))
    assert read_file(path, encoding=encoding) == [(2, {"title": "É"})]


def test_gzip_is_known_by_its_bytes_not_its_name(tmp_path):
    packed, plain = tmp_path / "books.csv", tmp_path / "plain.csv.gz"
    packed.write_bytes(gzip.compress(b"title\nX\n"))
    plain.write_bytes(b"title\nX\n")
    assert read_file(packed) == read_file(plain) == [(2, {"title": "X"})]


def test_a_gzip_bomb_gives_its_first_rows_and_then_a_reject_that_says_what_to_do(tmp_path):
    path = tmp_path / "books.csv.gz"
    with gzip.open(path, "wb") as stream:
        stream.write(b"title\n" + (b"x" * 65_535 + b"\n") * 1024)
    with open_text(path) as source:
        *before, (_, last) = rows(source, "csv")
        assert source.bytes_read < 2 * path.stat().st_size
    assert before
    assert last.reason == "the compressed file unpacks to more than 200 times its size: gunzip it first"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_progress_runs_from_zero_to_the_size_of_the_stored_file(tmp_path, pack):
    path = tmp_path / "books.csv"
    noise = random.Random(7)  # noqa: S311 - what gzip cannot shrink
    path.write_bytes(pack(b"title\n" + b"".join(b"%032x\n" % noise.getrandbits(128) for _ in range(50_000))))
    with open_text(path, "utf-8") as stream:
        assert stream.total == path.stat().st_size
        seen = [stream.bytes_read for _ in rows(stream, "csv")]
        assert seen == sorted(seen)
        assert seen[0] < stream.total / 2
        assert len(set(seen)) > 5
        assert stream.bytes_read == stream.total


def test_standard_input_is_read_and_left_open(monkeypatch):
    binary = io.BytesIO(gzip.compress("title\nÉ\n".encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(binary))
    with open_text("-", "utf-8") as stream:
        assert stream.total is None
        assert list(rows(stream, "csv")) == [(2, {"title": "É"})]
    assert not binary.closed


def test_a_file_is_closed_with_its_text(tmp_path, recwarn):
    path = tmp_path / "books.csv"
    path.write_bytes(gzip.compress(b"title\nX\n"))
    with open_text(path, "utf-8") as stream:
        stream.readline()
    del stream
    gc.collect()
    assert not [warning for warning in recwarn if warning.category is ResourceWarning]


@pytest.mark.parametrize("encoding", ["utf-9", "hex", "rot13"])
def test_an_unknown_encoding_is_refused(tmp_path, encoding):
    with pytest.raises(ValueError, match="unknown encoding"):
        open_text(tmp_path / "books.csv", encoding)


# --- CSV ---


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_csv_is_read_with_any_line_ending(tmp_path, ending):
    path = tmp_path / "books.csv"
    path.write_bytes(ending.join(["a,b", '1,"x, ""y"""', "", "2,z"]).encode())
    assert read_file(path) == [(2, {"a": "1", "b": 'x, "y"'}), (4, {"a": "2", "b": "z"})]


def test_a_quoted_cell_keeps_its_line_breaks_and_lines_are_counted(tmp_path):
    path = tmp_path / "books.csv"
    path.write_bytes(b'a,b\r\n1,"x\r\ny\nz"\r\n2,w\r\n')
    assert read_file(path) == [(2, {"a": "1", "b": "x\r\ny\nz"}), (5, {"a": "2", "b": "w"})]


def test_rows_with_too_many_or_too_few_cells_are_rejected():
    assert read("a,b\n1\n1,2\n1,2,3\n") == [
        (2, Reject(2, "row has 1 cell, the header has 2", "1")),
        (3, {"a": "1", "b": "2"}),
        (4, Reject(4, "row has 3 cells, the header has 2: is there a separator in a cell without quotes?", "1,2,3")),
    ]


def test_cells_without_text_beyond_the_header_are_no_fault():
    assert read("a,b\n1,2,, \n") == [(2, {"a": "1", "b": "2"})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_of_csv_is_the_one_that_the_header_shows(delimiter):
    text = f'a{delimiter}"b, c; d"\n1{delimiter}"2{delimiter}3"\n'
    found = rows(io.StringIO(text, newline=""), "csv")
    assert (found.delimiter, list(found)) == (delimiter, [(2, {"a": "1", "b, c; d": f"2{delimiter}3"})])


def test_a_line_before_the_header_may_name_the_separator():
    assert read("sep=;\r\na,1;b\r\n1;2\r\n") == [(3, {"a,1": "1", "b": "2"})]


def test_cells_that_were_guarded_against_calculation_are_as_they_were():
    assert read("a,b,c\n'=1+1,'n Sommer,'-x\n") == [(2, {"a": "=1+1", "b": "'n Sommer", "c": "-x"})]


def test_a_quote_that_is_never_closed_costs_one_row():
    found = reasons(read('a,b\n1,"x\n2,y\n3,z\n'))
    assert found == [
        (2, f"a quote opened here is not closed within {RECORD_LINES} lines"),
        (3, {"a": "2", "b": "y"}),
        (4, {"a": "3", "b": "z"}),
    ]


def test_a_quote_that_is_not_closed_soon_does_not_swallow_the_file():
    text = 'a,b\n1,"x\n' + "2,y\n" * (3 * RECORD_LINES)
    found = reasons(read(text))
    assert found[0] == (2, f"a quote opened here is not closed within {RECORD_LINES} lines")
    assert found[1:] == [(line, {"a": "2", "b": "y"}) for line in range(3, 3 * RECORD_LINES + 3)]


def test_a_stray_quote_before_a_quoted_cell_costs_one_row():
    assert reasons(read('a,b\n1,"x\n2,"y, z"\n')) == [
        (2, "row is not valid CSV: ',' expected after '\"'"),
        (3, {"a": "2", "b": "y, z"}),
    ]


def test_a_quote_inside_an_unquoted_cell_is_literal():
    assert read('a,b\n5" disk,2\n') == [(2, {"a": '5" disk', "b": "2"})]


@pytest.mark.parametrize("file_format", ["csv", "tsv"])
def test_a_field_larger_than_1_mib_is_rejected_and_one_of_1_mib_is_not(file_format):
    found = read(f"a\n{'x' * FIELD_LIMIT}\n{'x' * (FIELD_LIMIT + 1)}\ny\n", file_format)
    assert found[0] == (2, {"a": "x" * FIELD_LIMIT})
    assert found[1][1].reason.startswith("a field is larger than 1 MiB")
    assert len(found[1][1].raw) == RAW_LIMIT
    assert found[2] == (4, {"a": "y"})


@pytest.mark.parametrize("file_format", ["csv", "tsv", "jsonl"])
def test_a_line_without_end_is_rejected_without_being_held(file_format):
    last = '{"a": "y"}' if file_format == "jsonl" else "y"
    first = '{"a": "x"}' if file_format == "jsonl" else "a"
    found = read(f"{first}\n{'x' * (3 * LINE_LIMIT)}\n{last}\n", file_format)
    assert found[-2][1].reason == "line is longer than 4 MiB"
    assert found[-1] == (3, {"a": "y"})


def test_a_too_long_line_within_an_open_quote_rejects_both_and_goes_on():
    found = reasons(read(f'a\n"x\n{"y" * (LINE_LIMIT + 1)}\nz\n'))
    assert [line for line, _ in found] == [2, 3, 4]
    assert found[1:] == [(3, "line is longer than 4 MiB"), (4, {"a": "z"})]


@pytest.mark.parametrize("file_format", ["csv", "tsv"])
def test_a_nul_rejects_its_row(file_format):
    assert reasons(read("a\nx\0y\nz\n", file_format)) == [(2, "row has a NUL character"), (3, {"a": "z"})]


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("utf-8", b"a\ncaf\xe9\n\xff\xfe\nz\n"),
        ("ascii", "a\né\ncafé\nz\n".encode()),
        ("utf-16-le", "a\n".encode("utf-16-le") + b"A\xd8\n\x00\x00\xdc\n\x00" + "z\n".encode("utf-16-le")),
    ],
)
def test_undecodable_bytes_reject_their_row_and_not_the_file(tmp_path, encoding, data):
    path = tmp_path / "books.csv"
    path.write_bytes(data)
    found = read_file(path, encoding=encoding)
    assert [line for line, _ in found] == [2, 3, 4]
    for _, reject in found[:2]:
        assert "encoding cannot decode: give the right one, as --encoding" in reject.reason
        assert "\ufffd" in reject.raw
        reject.raw.encode("utf-8")
    assert found[2] == (4, {"a": "z"})


def test_a_truncated_character_at_the_end_rejects_the_last_row(tmp_path):
    path = tmp_path / "books.csv"
    path.write_bytes("a\nx\n".encode("utf-16-le") + b"\x41")
    assert [isinstance(row, Reject) for _, row in read_file(path, encoding="utf-16-le")] == [False, True]


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_truncated_gzip_file_gives_its_rows_and_then_a_reject(tmp_path, cut):
    data = gzip.compress(b"a\n" + b"".join(b"%d\n" % (n * 7919 % 100_003) for n in range(50_000)))
    path = tmp_path / "books.csv.gz"
    path.write_bytes(data[: int(len(data) * cut)])
    found = read_file(path)
    assert len(found) > 100
    assert found[-1][1].reason.startswith("the compressed file is damaged from here on")
    assert not any(isinstance(row, Reject) for _, row in found[:-1])


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_a_csv_file_without_a_header_is_refused(text):
    with pytest.raises(ValueError, match="the file is empty"):
        read(text)


def test_a_header_that_cannot_be_decoded_is_refused(tmp_path):
    path = tmp_path / "books.csv"
    path.write_bytes("title,año\n".encode("utf-16"))
    with pytest.raises(ValueError, match="are --format and --encoding right"):
        read_file(path)


def test_a_header_with_a_column_twice_is_refused():
    with pytest.raises(ValueError, match=r"a column twice: a$"):
        read("a,b,a\n")


def test_a_blank_column_name_gets_its_place():
    result = rows(io.StringIO("a,, b \n1,2,3\n"), "csv")
    assert result.columns == ("a", "column 2", "b")
    assert next(result) == (2, {"a": "1", "column 2": "2", "b": "3"})


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(cells, cells), max_size=20))
def test_what_the_csv_module_writes_is_read_back(table):
    stream = io.StringIO(newline="")
    # As an export writes them: the reader takes "'=" for "=", with the apostrophe that guards a formula.
    written = [(guarded(a), guarded(b)) for a, b in table]
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *written])
    stream.seek(0)
    assert [row for _, row in rows(stream, "csv")] == [{"a": a, "b": b} for a, b in table]


# --- TSV ---


def test_quotes_in_tsv_are_literal():
    assert read('a\tb\n"x\ty"\nz\t""\n', "tsv") == [(2, {"a": '"x', "b": 'y"'}), (3, {"a": "z", "b": '""'})]


def test_empty_tsv_cells_are_kept_at_the_ends():
    assert read("a\tb\tc\r\n\t\t\r\n1\t\t\r\n", "tsv") == [
        (2, {"a": "", "b": "", "c": ""}),
        (3, {"a": "1", "b": "", "c": ""}),
    ]


# --- JSON Lines ---


def test_json_lines_hold_lists_and_whole_numbers_and_fractions_stay_text():
    text = '{"a": ["x", {"b": 1}], "c": null}\n\n{"d": 9.78043902348e+12, "e": 2008.0}\r\n'
    assert read(text, "jsonl") == [
        (1, {"a": ["x", {"b": 1}], "c": None}),
        (3, {"d": "9.78043902348e+12", "e": "2008.0"}),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a": 1', "row is not valid JSON"),
        ("[1]", "row is not a JSON object"),
        ('"a"', "row is not a JSON object"),
        ("null", "row is not a JSON object"),
        ('{"a": NaN}', "row is not valid JSON: NaN is not in JSON"),
        ('{"a": ' + "9" * 5000 + "}", "row is not valid JSON"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "row is not valid JSON"),
        (
            '{"a": ' + "[" * NESTING_LIMIT + "1" + "]" * NESTING_LIMIT + "}",
            f"row is nested more than {NESTING_LIMIT}",
        ),
        ('{"a": "\\ud800"}', "row has half of a surrogate pair"),
        ('{"\\u0000": 1}', "row has a NUL character"),
        ('{"a": ["' + "x" * (FIELD_LIMIT + 1) + '"]}', "a field is larger than 1 MiB"),
    ],
)
def test_a_bad_line_of_json_is_rejected_and_reading_goes_on(line, reason):
    found = read(f'{line}\n{{"a": "\\u00e9"}}\n', "jsonl")
    assert found[0][1].reason.startswith(reason)
    assert found[0][1].raw == line[:RAW_LIMIT]
    assert found[1:] == [(2, {"a": "é"})]


# --- anything ---


@pytest.mark.parametrize("file_format", ["csv", "tsv", "jsonl"])
@given(data=st.lists(st.sampled_from(b'",\n\r\ta\xff{}\0 ')).map(bytes))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_any_bytes_give_rows_or_rejects_in_order(tmp_path, file_format, data):
    path = tmp_path / "books"
    path.write_bytes((b"" if file_format == "jsonl" else b"h1,h2\th3\n") + data)
    found = read_file(path, file_format)
    lines = [line for line, _ in found]
    assert lines == sorted(set(lines))
    for line, row in found:
        if isinstance(row, Reject):
            assert row.line == line
            assert row.reason
            json.dumps(row.raw, ensure_ascii=False).encode()


@pytest.mark.parametrize("file_format", ["csv", "tsv", "jsonl"])
def test_a_large_file_is_read_in_constant_memory(tmp_path, file_format):
    line = b'{"title": "%s"}\n' % (b"x" * 1000) if file_format == "jsonl" else b"x" * 1000 + b"\n"
    path = tmp_path / "books.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"" if file_format == "jsonl" else b"title\n")
        for _ in range(30):
            stream.write(line * 1000)
    tracemalloc.start()
    with open_text(path, "utf-8") as text:
        assert sum(1 for _ in rows(text, file_format)) == 30_000
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


# --- JSON ---


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1}, {"a": "2"}]',
        '\n[\n{"a": 1}\n,\n{"a":\n"2"}\n]\n',
        '{"17": {"a": 1}, "18": {"a": "2"}}',
        '{"a": 1}\n{\n"a": "2"}\n',
    ],
)
def test_the_objects_of_a_json_file_are_rows(text):
    assert read(text, "json") == [(1, {"a": 1}), (2, {"a": "2"})]


def test_an_array_is_read_in_pieces():
    many = [{"a": "x" * 50_000, "n": number} for number in range(20)]
    assert [row for _, row in read(json.dumps(many), "json")] == many


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ('[{"a": 1}, {"a": }]', "file cannot be read from this object on"),
        ('[{"a": 1}', 'the closing "]" is missing'),
        ('[{"a": 1}, 2]', "row is not a JSON object"),
        ('[{"a": 1}, {"a": "\\ud800"}]', "half of a surrogate pair"),
        ('{"1": {"a": 1}, 2}', "file cannot be read from this object on"),
        ('[{"a": 1}, {"a": NaN}]', "NaN is not in JSON"),
    ],
)
def test_what_is_wrong_in_an_array_is_told_and_the_rows_before_it_count(text, last):
    first, second = read(text, "json")
    assert first == (1, {"a": 1})
    assert isinstance(second[1], Reject)
    assert last in second[1].reason
