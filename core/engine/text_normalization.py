"""Cleaning of text that people typed, and the folded form used for searching and sorting."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache

SORT_KEY_LENGTH = 200  # characters

RAW_LENGTH = 100_000
"""Characters of a text before it is normalized, at most: more than any field stores in any normal form."""

RAW_FACTOR = 4
"""Characters of a text as it came, at most, for each that its field keeps: normalizing may shorten a text so far."""

FOLDED_FACTOR = 2
"""Characters of a folded text, at most, for each that its field keeps."""

LONGEST_FOLD = 18
"""Characters that one character may fold to."""

MARKS = 30
"""Combining marks in a row, at most: Unicode's Stream-Safe Text Format (UAX 15, section 13). Ordering a row of them
takes time quadratic in its length: 8 MiB took minutes."""

# C0, DEL and C1 (Unicode category Cc) but for tab, newline and carriage return; and surrogates.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_CONTROL = re.compile("[\t\n\r]")

# Letters that remain after compatibility decomposition, by block: Latin and Greek with their extensions.
_LATIN_OR_GREEK = (
    "A-Za-z\u00c0-\u02af\u0370-\u03ff\u1d00-\u1dbf\u1e00-\u1fff\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f"
    "\U00010780-\U000107bf\U0001df00-\U0001dfff"
)
# The blocks of marks that belong to no script of their own ("Combining Diacritical Marks" and its kin).
_GENERAL_MARK = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_ACCENTS = re.compile(f"(?<=[{_LATIN_OR_GREEK}])[{_GENERAL_MARK}]+")
# Looking behind each character takes four times as long as looking for a mark.
_ANY_ACCENT = re.compile(f"[{_GENERAL_MARK}]")

# Letters that Unicode does not decompose but readers take for an accented one; DUCET (UTS 10) sorts all but
# the dotless i as a secondary (accent) difference. The dotless i is here because its capital is a plain I.
_LOOKALIKES = str.maketrans({"æ": "ae", "œ": "oe"}) | str.maketrans("øłđħŧ\u0131", "oldhti")

_BECOME_TWO = "ßẞæÆœŒ"
"""Letters that become two when a decomposed text is folded."""


def clean(text: str, *, multiline: bool = False) -> str:
    """Return text in NFC without outer white space, and with one space for each run of it inside; it may be empty.

    With multiline, white space inside stays, tabs and newlines are allowed there, and CRLF or CR becomes LF.
    Raises ValueError when a control character or a lone surrogate is found, for more than MARKS combining marks in a
    row, and for more than RAW_LENGTH characters.
    """
    if len(text) > RAW_LENGTH:
        raise ValueError(f"text has more than {RAW_LENGTH} characters")
    if text.isascii() and text.isprintable():
        return text.strip() if multiline else " ".join(text.split())
    bad = _FORBIDDEN.search(text)
    if bad is None and not multiline:
        bad = _LINE_CONTROL.search(text.strip())
    if bad is not None:
        raise ValueError(f"text contains {_describe(bad.group())}")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip() if multiline else " ".join(text.split())
    if text.isascii():
        return text
    if _has_too_many_marks(text):
        raise ValueError(f"text has more than {MARKS} combining marks in a row")
    return unicodedata.normalize("NFC", text)


def _has_too_many_marks(text: str) -> bool:
    """Return whether there are more than MARKS combining marks in a row.

    So many cover two neighbours among every fifteenth character. Few texts have these; of others no more is looked at.
    """
    neighbours, likely = _patterns_of_marks()
    half = MARKS // 2
    return (
        neighbours.search(text[half - 1 :: half]) is not None
        and likely.match(text) is not None
        and _IN_A_ROW.search(bytes(map(unicodedata.combining, text))) is not None
    )


_IN_A_ROW = re.compile(rb"[^\0]{%d}" % (MARKS + 1))
"""In the combining classes of a text, as bytes: more than MARKS in a row that are not 0, which means a mark."""


@cache
def _patterns_of_marks() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compile the patterns of marks, at the first use: that takes 10 ms.

    They take all characters beyond U+FFFF for marks: telling these apart takes ten times as long.
    """
    marks = "".join(char for char in map(chr, range(0x300, 0x10000)) if unicodedata.combining(char))
    likely = f"{marks}\U00010000-\U0010ffff"
    return re.compile(f"[{likely}]{{2}}"), _too_many_of(likely)


def _too_many_of(marks: str) -> re.Pattern[str]:
    """Return the pattern of a text with more than MARKS of these in a row, which looks at each character once."""
    return re.compile(f"[^{marks}]*+(?:[{marks}]{{1,{MARKS}}}+[^{marks}]++)*+[{marks}]{{{MARKS + 1}}}")


def _describe(char: str) -> str:
    """Name a forbidden character, such as 'a control character (U+0000)'."""
    kind = "a lone surrogate" if "\ud800" <= char <= "\udfff" else "a control character"
    return f"{kind} (U+{ord(char):04X})"


def line(longest: int) -> Callable[[str], str]:
    """Return the rule for a name or title of 1 to `longest` characters; it raises clean()'s and limited()'s errors."""
    return limited(clean, longest)


def limited(normalize: Callable[[str], str], longest: int) -> Callable[[str], str]:
    """Return the rule for text that rows are found by, of 1 to `longest` characters when it is normalized.

    It raises the errors of `normalize`, and ValueError when the text is shorter or longer, as it came, normalized or
    folded.
    """

    def rule(text: str) -> str:
        _check_raw_length(text, longest)
        kept = bounded(normalize(text), longest)
        if folds_too_long(kept, longest):
            raise ValueError(f"has more than {FOLDED_FACTOR * longest} characters when folded for search")
        return kept

    return rule


def prose(longest: int) -> Callable[[str], str]:
    """Return the rule for text of any number of lines, up to `longest` characters; its errors are those of line()."""

    def rule(text: str) -> str:
        _check_raw_length(text, longest)
        return bounded(clean(text, multiline=True), longest, shortest=0)

    return rule


def is_too_long_to_read(text: str, longest: int) -> bool:
    """Return whether a text as it came is too long for a field that keeps `longest` characters, however it is cleaned.

    Normalizing composes four characters into one at most; white space around a text and within counts too.
    """
    return len(text) > RAW_FACTOR * longest


def _check_raw_length(text: str, longest: int) -> None:
    if is_too_long_to_read(text, longest):
        raise ValueError(f"has {len(text)} characters, {longest} are allowed")


def folds_too_long(text: str, longest: int) -> bool:
    """Return whether the folded form of a text is too long for a field that keeps `longest` characters.

    It has no more characters than the decomposition, which costs a tenth, but for those that become two.
    """
    most = FOLDED_FACTOR * longest
    if text.isascii() or len(text) * LONGEST_FOLD <= most:
        return False
    decomposed = unicodedata.normalize("NFKD", text)
    return len(decomposed) + sum(map(decomposed.count, _BECOME_TWO)) > most and len(fold(text)) > most


def bounded(text: str, longest: int, *, shortest: int = 1) -> str:
    """Return the text. Raises ValueError when it is shorter or longer than allowed."""
    if len(text) < shortest:
        raise ValueError("is empty")
    if len(text) > longest:
        raise ValueError(f"has {len(text)} characters, {longest} are allowed")
    return text


def fold(text: str) -> str:
    """Return the key that ignores case and accents when texts are searched or sorted, in NFKC.

    Idempotent, and the same for canonically equivalent texts. Marks are dropped after Latin and Greek
    letters only: in other scripts (Devanagari, Arabic, Hebrew...) they carry meaning. fold(x) equals
    fold(x.upper()) but for Greek letters with an iota subscript, which is an accent here although
    Unicode's capitals write it as a full iota.
    """
    if text.isascii():
        return text.lower()
    # Twice, because casefolding may uncover what the first pass could not see: a capital whose
    # lower-case form is decomposed, or a free-standing iota subscript, which becomes a Greek letter.
    folded = _without_accents(_without_accents(text).casefold())
    # A scan for each lookalike costs a hundredth of the translation.
    if any(chr(lookalike) in folded for lookalike in _LOOKALIKES):
        folded = folded.translate(_LOOKALIKES)
    return unicodedata.normalize("NFKC", folded)


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return _ACCENTS.sub("", decomposed) if _ANY_ACCENT.search(decomposed) else decomposed


def sort_key(text: str) -> str:
    """Return the key by which a text is sorted."""
    return sort_key_of(fold(text))


def sort_key_of(folded: str) -> str:
    """Return the sort key of a text that is folded: its first SORT_KEY_LENGTH characters."""
    return folded[:SORT_KEY_LENGTH]
