"""Names that were replaced by standard terms must not come back."""

from __future__ import annotations

import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PLACES = (
    "core",
    "flask_app",
    "sanic_app",
    "migrations",
    "tools",
    "benchmarks",
    "tests/support",
    "tests/architecture/new_resource",
)

GONE = {
    "Asked": "BoundListQuery",
    "Behind": "SchemaOutdated",
    "Contention": "RetryableConflict",
    "Earlier": "LegacySchema",
    "Executing": "ExecutorWork",
    "Fault": "FieldError",
    "Hearing": "ProgressListener",
    "Identified": "WithId",
    "Incoming": "RequestReader",
    "Invalid": "ValidationFailed",
    "Judgement": "ValidationReport",
    "Listing": "ResourceSpec",
    "Named": "SearchableMixin",
    "Observed": "RequestRecord",
    "Ours": "OwnSchema",
    "Outlet": "BufferedSocket",
    "Overtaken": "ConcurrentWrite",
    "Prepared": "CompiledStatement",
    "RefusedError": "AdoptionRefused",
    "Seen": "DuplicateDetector",
    "Shown": "SchemaMetadata",
    "Slugged": "SlugMixin",
    "ToldGroup": "ErrorHandlingGroup",
    "Unavailable": "ServiceUnavailable",
    "Unread": "BodyError",
    "Wanted": "ParsedSearch",
    "Works": "ConcurrencyLimiter",
    "WrittenCursor": "QueryCursor",
    "WrittenFlag": "QueryFlag",
    "WrittenInteger": "QueryInteger",
    "_claim_slugs": "_assign_slugs",
    "_committing": "_commit_outcome_unknown",
    "_refuse_taken": "_check_unique",
    "agreeing": "snapshot",
    "among": "in_list",
    "among_values": "in_values",
    "at_rest": "is_idle",
    "begin_alone": "begin_exclusive",
    "begin_by_hand": "use_explicit_begin",
    "carry_out": "copy_rows",
    "change_all": "update_many",
    "end_at_once": "skip_gc_at_exit",
    "everybodys": "read_all_processes",
    "give_back": "checkin",
    "give_back_async": "checkin_async",
    "having_words": "match_words",
    "headless": "is_head_request",
    "keep_loaded": "freeze_gc",
    "key_not_null": "match_fields",
    "keyed_of": "upsert_item_of",
    "no_such": "missing_reference",
    "put_in": "bulk_insert",
    "recognise": "infer_columns",
    "refuse_depended_on": "check_no_dependents",
    "refuse_repeats": "check_distinct_keys",
    "remove_all": "delete_many",
    "several_changes": "update_needs_transaction",
    "several_of_one": "get_needs_transaction",
    "take_async": "checkout_async",
    "told_apart": "make_unique",
    "translated": "translate_errors",
    "with_patience": "retry_on_lock_timeout",
    "word_values": "match_parameters",
    "Call": "OperationRequest",
    "Checked": "RevisionCheckedSanic",
    "Moment": "UtcDateTime",
    "Missing": "RowNotFound",
    "Nothing": "NothingToAdopt",
    "Shape": "ListQueryShape",
    "Unknown": "UnknownSchema",
    "represents": "resource_path",
    "LINGER": "LINGER_TIMEOUT",
    "MOMENT": "SETTLE_SECONDS",
    "TURN": "accept_yield",
    "HEARING": "STOP_STATE_POLLS",
    "PACE": "RESTART_DELAY",
    "PIECE": "RECV_SIZE",
    "TAKING": "WRITE_TIMEOUT",
    "UNTAKEN": "WRITE_PENDING",
}
"""The old name, and its replacement. Ordinary words with another meaning are not here."""


def sources() -> Iterator[Path]:
    for place in PLACES:
        for path in sorted((ROOT / place).rglob("*.py")):
            if not path.is_symlink() and not path.is_relative_to(ROOT / "core" / "sync"):
                yield path


def old_names(path: Path) -> Iterator[str]:
    """Yield each line of a file that has an old name, with the replacement."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.NAME and token.string in GONE:
                line = f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name}:{token.start[0]}"
                yield f"{line}: {token.string}, now {GONE[token.string]}"


def test_no_name_that_is_gone_comes_back():
    assert [found for path in sources() for found in old_names(path)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("class Listing:\n    pass\n", ["made.py:1: Listing, now ResourceSpec"]),
        ("x = errors.Invalid\n", ["made.py:1: Invalid, now ValidationFailed"]),
        ('x = "Listing"  # a Listing\n', []),
        ("ListingTool = 1\n", []),
    ],
)
def test_a_name_that_is_gone_is_found(text: str, found: list[str], tmp_path: Path):
    (tmp_path / "made.py").write_text(text)
    assert list(old_names(tmp_path / "made.py")) == found
