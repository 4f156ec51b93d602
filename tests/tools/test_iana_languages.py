from types import SimpleNamespace

import pytest

from tools.iana_languages import module

REGISTRY = """File-Date: 2030-01-02
%%
Type: language
Subtag: he
Description: Hebrew
Added: 2005-10-16
%%
Type: language
Subtag: iw
Description: Hebrew
Added: 2005-10-16
Deprecated: 1989-01-01
Preferred-Value: he
%%
Type: language
Subtag: tog
Description: Tonga (Nyasa)
Added: 2005-10-16
%%
Type: language
Subtag: to
Description: Tonga (Tonga Islands)
Description: A name
  in two lines
Added: 2005-10-16
%%
Type: language
Subtag: qay..qbb
Description: Private use
Added: 2005-10-16
Scope: private-use
%%
Type: extlang
Subtag: yue
Description: Yue Chinese
Added: 2009-07-29
Preferred-Value: yue
Prefix: zh
%%
Type: script
Subtag: Latn
Description: Latin
Added: 2005-10-16
%%
Type: region
Subtag: BU
Description: Burma
Added: 2005-10-16
Preferred-Value: MM
%%
Type: variant
Subtag: 1994
Description: Standardized Resian orthography
Added: 2007-07-28
%%
Type: grandfathered
Tag: i-klingon
Description: Klingon
Added: 1999-05-26
Preferred-Value: tlh
"""


def generated(registry: str) -> SimpleNamespace:
    namespace: dict[str, str] = {}
    exec(module(registry), namespace)  # noqa: S102 - it is what the tool writes
    return SimpleNamespace(**namespace)


@pytest.mark.parametrize("registry", [REGISTRY, REGISTRY.replace("\n", "\r\n")])
def test_a_registry_becomes_constants(registry):
    made = generated(registry)
    assert made.FILE_DATE == "2030-01-02"
    assert made.LANGUAGES.split() == ["h-e", "i-w", "t-o", "qa-yz", "qb-ab", "to-g"]
    assert made.EXTLANGS.split() == ["yue:zh"]
    assert (made.SCRIPTS.split(), made.REGIONS.split(), made.VARIANTS.split()) == (["latn"], ["bu"], ["1994"])
    assert (made.GRANDFATHERED.split(), made.PREFERRED_TAGS.split()) == (["i-klingon"], ["i-klingon:tlh"])
    assert (made.PREFERRED_LANGUAGES.split(), made.PREFERRED_REGIONS.split()) == (["iw:he"], ["bu:mm"])
    assert made.NAMES.split() == ["he:Hebrew", "to:A_name_in_two_lines"]


@pytest.mark.parametrize("text", ["<html>\n", "Title: x\n%%\nType: language\n"])
def test_another_file_is_refused(text):
    with pytest.raises(SystemExit, match="not the registry"):
        module(text)
