"""English names of languages, and their tags, for catalogues that write "English" where a tag should be."""

from __future__ import annotations

from diptych.core.catalogue.books.iana_languages import NAMES

# Usual names that IANA's registry does not have, or has for two languages.
_OTHER_NAMES = """
ab:Abkhaz ang:Anglo-Saxon el:Greek fa:Farsi ff:Fula fy:Frisian ga:Irish_Gaelic na:Nauruan nb:Bokmål nn:Nynorsk
oj:Ojibwe pt-BR:Brazilian_Portuguese rn:Kirundi sk:Slovakian sl:Slovene to:Tonga/Tongan zh:Mandarin/Mandarin_Chinese
"""

TAGS: dict[str, str] = {
    name.replace("_", " ").casefold(): tag
    for pair in f"{NAMES} {_OTHER_NAMES}".split()
    for tag, _, names in [pair.partition(":")]
    for name in names.split("/")
}
"""The tag of each language, by its name in lower case."""


def tag_of_name(text: str) -> str | None:
    """Return the tag of a language by its English name, in any case; None for an unknown name."""
    return TAGS.get(" ".join(text.split()).casefold())
