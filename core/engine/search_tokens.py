"""Search tokens, the words of `q`. The same rules apply to names, in either database, and to queries.

They are parsed from folded text (diptych.core.engine.text_normalization.fold). A word is text between spaces and
punctuation, apostrophes and hyphens too. Where a script puts no spaces between its words, as Chinese, Japanese and
Thai do, each character is a word, and so is each symbol and emoji. Accents that are characters of their own, the points
of Hebrew and Arabic, and joiners are ignored.

The classes of characters are written as in the brackets of regular expressions and of SQLite's GLOB. They do not cover
ASCII, of which letters and digits make words. A character in none of them is a letter, a digit or a mark.
"""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct

from diptych.core.engine.text_normalization import fold

SEPARATING = (
    "\u0080-\u00bf\u00d7\u00f7\u02b9-\u02bf\u02c2-\u02c5\u02c8\u02d2-\u02eb\u02ed"
    "\u02ef-\u02ff\u0375\u03f6\u0482\u055a-\u055f\u0589-\u058f\u05be\u05c0\u05c3\u05c6\u05f3-\u060f\u061b"
    "\u061d-\u061f\u066a-\u066d\u06d4\u06dd-\u06de\u06e9\u06fd-\u06fe\u0700-\u070f\u07f6-\u07f9\u07fe-\u07ff"
    "\u0830-\u083e\u085e\u0888\u0890-\u0891\u08e2\u0964-\u0965\u0970\u09f2-\u09f3\u09fa-\u09fb\u09fd\u0a76"
    "\u0af0-\u0af1\u0b70\u0bf3-\u0bfa\u0c77\u0c7f\u0c84\u0d4f\u0d79\u0df4\u0e4f\u0e5a-\u0e5b\u0f01-\u0f17"
    "\u0f1a-\u0f1f\u0f34\u0f36\u0f38\u0f3a-\u0f3d\u0f85\u0fbe-\u0fc5\u0fc7-\u0fda\u104a-\u104f\u10fb\u1360-\u1368"
    "\u1390-\u1399\u1400\u166d-\u166e\u1680\u169b-\u169c\u16eb-\u16ed\u1735-\u1736\u17d4-\u17d6\u17d8-\u17da"
    "\u1800-\u180a\u1940-\u1945\u1a1e-\u1a1f\u1aa0-\u1aa6\u1aa8-\u1aad\u1b5a-\u1b6a\u1b74-\u1b7e\u1bfc-\u1bff"
    "\u1c3b-\u1c3f\u1c7e-\u1c7f\u1cc0-\u1cc7\u1cd3\u200b\u2010-\u2029\u2030-\u205e\u2066-\u20c0\u2ce5-\u2cea"
    "\u2cf9-\u2cfc\u2cfe-\u2cff\u2d70\u2e00-\u2e2e\u2e30-\u2e5d\u3001-\u3004\u3008-\u3011\u3014-\u301f\u3030"
    "\u303d\u30a0\u30fb\ua490-\ua4c6\ua4fe-\ua4ff\ua60d-\ua60f\ua673\ua67e\ua6f2-\ua716\ua720-\ua721\ua789-\ua78a"
    "\ua828-\ua82b\ua836-\ua839\ua874-\ua877\ua8ce-\ua8cf\ua8f8-\ua8fa\ua8fc\ua92e-\ua92f\ua95f\ua9c1-\ua9cd"
    "\ua9de-\ua9df\uaa5c-\uaa5f\uaade-\uaadf\uaaf0-\uaaf1\uab5b\uab6a-\uab6b\uabeb\ufbb2-\ufdff\ufe45-\ufe46"
    "\ufff9-\uffff\U00010100-\U00010102\U00010137-\U0001013f\U00010179-\U00010189\U0001018c-\U000101fc\U0001039f"
    "\U000103d0\U0001056f\U00010857\U00010877-\U00010878\U0001091f\U0001093f\U00010a50-\U00010a58\U00010a7f"
    "\U00010ac8\U00010af0-\U00010af6\U00010b39-\U00010b3f\U00010b99-\U00010b9c\U00010ead\U00010f55-\U00010f59"
    "\U00010f86-\U00010f89\U00011047-\U0001104d\U000110bb-\U000110c1\U000110cd\U00011140-\U00011143"
    "\U00011174-\U00011175\U000111c5-\U000111c8\U000111cd\U000111db\U000111dd-\U000111df\U00011238-\U0001123d"
    "\U000112a9\U0001144b-\U0001144f\U0001145a-\U0001145d\U000114c6\U000115c1-\U000115d7\U00011641-\U00011643"
    "\U00011660-\U0001166c\U000116b9\U0001173c-\U0001173f\U0001183b\U00011944-\U00011946\U000119e2"
    "\U00011a3f-\U00011a46\U00011a9a-\U00011a9c\U00011a9e-\U00011aa2\U00011c41-\U00011c45\U00011c70-\U00011c71"
    "\U00011ef7-\U00011ef8\U00011fd5-\U00011fff\U00012470-\U00012474\U00012ff1-\U00012ff2\U00013430-\U00013438"
    "\U00016a6e-\U00016a6f\U00016af5\U00016b37-\U00016b3f\U00016b44-\U00016b45\U00016e97-\U00016e9a\U00016fe2"
    "\U0001bc9c\U0001bc9f-\U0001bca3\U0001cf50-\U0001d15d\U0001d16a-\U0001d16c\U0001d173-\U0001d17a"
    "\U0001d183-\U0001d184\U0001d18c-\U0001d1a9\U0001d1ae-\U0001d241\U0001d245\U0001d300-\U0001d356"
    "\U0001d800-\U0001d9ff\U0001da37-\U0001da3a\U0001da6d-\U0001da74\U0001da76-\U0001da83\U0001da85-\U0001da8b"
    "\U0001e14f\U0001e2ff\U0001e95e-\U0001e95f\U0001ecac\U0001ecb0\U0001ed2e\U0001eef0-\U0001eef1"
    "\U0001fb00-\U0001fbca\U000e0001-\U000e007f"
)
"""Spaces, punctuation, and the symbols of single scripts."""

ALONE = (
    "\u0e01-\u0e4e\u0e50-\u0e59\u0e81-\u0eff\u1000-\u1049\u1050-\u109f\u1780-\u17d3\u17d7\u17db-\u17ff"
    "\u1950-\u19ff\u1a20-\u1a9f\u1aa7\u2100-\u2bff\u2e80-\u2fff\u3005-\u3007\u3012-\u3013\u3020-\u302f"
    "\u3031-\u303c\u303e-\u309f\u30a1-\u30fa\u30fc-\u9fff\ua9e0-\ua9fe\uaa60-\uaa7f\uf900-\ufaff"
    "\U00016fe0-\U00016fe1\U00016fe3-\U00018dff\U0001aff0-\U0001b2ff\U0001f000-\U0001faff\U00020000-\U0003ffff"
)
"""Characters of scripts without spaces, symbols, emoji."""

IGNORED = (
    "\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7\u0610-\u061a\u061c\u0640"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7-\u06e8\u06ea-\u06ed\u180b-\u180f\u200c-\u200f\u202a-\u202e"
    "\u2060-\u2064\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\U000e0100-\U000e01ef"
)
"""Characters that are ignored."""

SYLLABLE = re.compile("[\u1200-\u167f\ua000-\ua63f\uac00-\ud7a3]")
"""A character that is a syllable, as Ethiopic, Cherokee, Yi and Hangul have them: few words begin with the same one."""

LENGTH = 100
"""Significant characters of a word: PostgreSQL cannot store words of more than 2,046 bytes."""

SHARE = 3
"""A word is the main part of a text that is at most so many times as long."""


class ParsedSearch(Struct, frozen=True):
    """A parsed query: whole words, beginnings of words, and runs of characters that are each a word."""

    whole: tuple[str, ...]
    beginnings: tuple[str, ...]
    runs: tuple[str, ...]

    @property
    def longest(self) -> str:
        """The longest of the words, a whole one before a beginning; empty where there are none."""
        return max((*self.whole, *self.beginnings), key=len, default="")


def wanted(text: str) -> ParsedSearch:
    """Parse a query into its distinct words. One with an asterisk after it is the beginning of any word.

    Any text can be parsed; it may have no words.
    """
    ignored, word_of, run = _patterns()
    folded = fold(text)
    whole: dict[str, None] = {}
    beginnings: dict[str, None] = {}
    for alone, word, asterisk in word_of.findall(ignored.sub("", folded)):
        # The index contains only the beginning of a longer word.
        if asterisk or len(word) >= LENGTH:
            beginnings[word[:LENGTH]] = None
        else:
            whole[alone or word] = None
    return ParsedSearch(tuple(whole), tuple(beginnings), tuple(dict.fromkeys(run.findall(folded))))


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Compile the patterns of ignored characters, of words and of runs, at the first use: that takes 20 ms."""
    return (
        re.compile(f"[{IGNORED}]+"),
        re.compile(rf"([{ALONE}])|((?:[0-9A-Za-z]|[^\x00-\x7f{SEPARATING}{ALONE}])+)(\*?)"),
        re.compile(f"[{ALONE}]{{2,}}"),
    )
