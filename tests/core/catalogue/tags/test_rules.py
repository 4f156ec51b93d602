import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diptych.core.catalogue.tags.rules import tag_name

# Any text that can be stored: no surrogates.
storable = st.text(st.characters(exclude_categories=["Cs"]))
# Letters, marks and joiners, so that combinations occur often.
marked = st.text(
    st.one_of(
        st.sampled_from("aeiouAEIOUßæœøłđ\u0131İ\u017fςΣωᾳᾼᾠKÅ½ﬁẞŉ ǰΐ"),
        st.sampled_from("\u0301\u0308\u0327\u0345\u034f\u20dd\u093f\u064e\u05b8\u3099\u200d"),
        st.sampled_from("क가각がבأيაꭰᏸ"),
        st.characters(categories=["L", "M"]),
    )
)


def test_a_tag_name_is_lower_case_with_single_spaces():
    assert tag_name("  Science \t\n Fiction ") == "science fiction"


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_an_empty_tag_name_is_refused(text):
    with pytest.raises(ValueError, match="tag name is empty"):
        tag_name(text)


@given(st.one_of(storable, marked))
def test_a_tag_name_is_the_name_of_itself_and_composed(text):
    try:
        name = tag_name(text)
    except ValueError:
        return
    assert tag_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
