"""Language tags (BCP 47, that is RFC 5646), and the ISO 639 codes that catalogues use in their place."""

import re
from functools import lru_cache

LANGUAGE_LENGTH = 35  # characters; the longest tag RFC 5646 (4.4.1) says to expect

# The "langtag" and "privateuse" rules of RFC 5646 (2.1), without the languages of 4 to 8 letters, of which
# none has ever been registered: they would let "english" through.
_WELL_FORMED = re.compile(
    r"""
    (?P<language> [a-z]{2,3} (?: - [a-z]{3} ){0,3} )
    (?: - [a-z]{4} )?                                               # script
    (?: - (?: [a-z]{2} | [0-9]{3} ) )?                              # region
    (?P<variants> (?: - (?: [a-z0-9]{5,8} | [0-9][a-z0-9]{3} ) )* )
    (?P<extensions> (?: - [0-9a-wy-z] (?: - [a-z0-9]{2,8} )+ )* )
    (?: - x (?: - [a-z0-9]{1,8} )+ )?
    | x (?: - [a-z0-9]{1,8} )+
    """,
    re.ASCII | re.VERBOSE,
)

# The same for JSON Schema, where there are no flags. Beyond it: that nothing may be there twice, and the irregular ones
# of the grandfathered tags.
PATTERN = (
    r"^(?:[A-Za-z]{2,3}(?:[-_][A-Za-z]{3}){0,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:[-_](?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:[-_][0-9A-WY-Za-wy-z](?:[-_][A-Za-z0-9]{2,8})+)*"
    r"(?:[-_][Xx](?:[-_][A-Za-z0-9]{1,8})+)?|[Xx](?:[-_][A-Za-z0-9]{1,8})+)$"
)

# The grandfathered tags of RFC 5646 (2.1), irregular and regular.
_GRANDFATHERED_TAGS = """
art-lojban cel-gaulish en-gb-oed i-ami i-bnn i-default i-enochian i-hak i-klingon i-lux i-mingo i-navajo
i-pwn i-tao i-tay i-tsu no-bok no-nyn sgn-be-fr sgn-be-nl sgn-ch-de zh-guoyu zh-hakka zh-min zh-min-nan
zh-xiang
"""
_GRANDFATHERED = frozenset(_GRANDFATHERED_TAGS.split())

# Three-letter codes of ISO 639-3 and 639-2 (B and T) that have a two-letter code, which is then the one to
# use (RFC 5646, 2.2.1). The last three were withdrawn, but are still found in library records.
_SHORTER_CODES = """
aar:aa abk:ab afr:af aka:ak alb:sq amh:am ara:ar arg:an arm:hy asm:as ava:av ave:ae aym:ay aze:az
bak:ba bam:bm baq:eu bel:be ben:bn bis:bi bod:bo bos:bs bre:br bul:bg bur:my cat:ca ces:cs cha:ch
che:ce chi:zh chu:cu chv:cv cor:kw cos:co cre:cr cym:cy cze:cs dan:da deu:de div:dv dut:nl dzo:dz
ell:el eng:en epo:eo est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr fre:fr fry:fy ful:ff
geo:ka ger:de gla:gd gle:ga glg:gl glv:gv gre:el grn:gn guj:gu hat:ht hau:ha hbs:sh heb:he her:hz
hin:hi hmo:ho hrv:hr hun:hu hye:hy ibo:ig ice:is ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik
isl:is ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks kat:ka kau:kr kaz:kk khm:km kik:ki kin:rw kir:ky
kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la lav:lv lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg
mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg mlt:mt mon:mn mri:mi msa:ms mya:my nau:na
nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no nya:ny oci:oc oji:oj ori:or orm:om
oss:os pan:pa per:fa pli:pi pol:pl por:pt pus:ps que:qu roh:rm ron:ro rum:ro run:rn rus:ru sag:sg
san:sa sin:si slk:sk slo:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srd:sc
srp:sr ssw:ss sun:su swa:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tib:bo tir:ti
ton:to tsn:tn tso:ts tuk:tk tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz ven:ve vie:vi vol:vo wel:cy
wln:wa wol:wo xho:xh yid:yi yor:yo zha:za zho:zh zul:zu
scc:sr scr:hr mol:ro
"""
_SHORTER: dict[str, str] = dict(pair.split(":") for pair in _SHORTER_CODES.split())


def language_tag(text: str) -> str:
    """Return a well-formed BCP 47 tag in canonical case, such as "en-GB" or "zh-Hant-TW".

    An underscore is taken for a hyphen, and a three-letter code becomes the two-letter code of the same
    language ("fre" and "fra" are "fr"). Subtags are not looked up in the IANA registry.
    Raises ValueError when the tag is not well-formed, repeats a variant or an extension, or is too long.
    """
    tag = text.strip().replace("_", "-")
    if not tag.isascii() or len(tag) > LANGUAGE_LENGTH:
        raise ValueError(f"language is not a BCP 47 tag of up to {LANGUAGE_LENGTH} characters, such as en-GB")
    return _canonical(tag.lower())


@lru_cache(maxsize=256)
def _canonical(tag: str) -> str:
    if tag not in _GRANDFATHERED:
        match = _WELL_FORMED.fullmatch(tag)
        if match is None:
            raise ValueError("language is not a BCP 47 tag, such as en or zh-Hant-TW")
        _refuse_repeats(match)
    first, *rest = tag.split("-")
    return _canonical_case([_SHORTER.get(first, first), *rest])


def _refuse_repeats(match: re.Match[str]) -> None:
    """Raise ValueError when a variant or the letter of an extension is there twice (RFC 5646, 2.2.9)."""
    variants = (match["variants"] or "").split("-")[1:]
    letters = [subtag for subtag in (match["extensions"] or "").split("-") if len(subtag) == 1]
    for subtags in (variants, letters):
        if len(set(subtags)) < len(subtags):
            raise ValueError("language tag has the same variant or extension twice")


def _canonical_case(subtags: list[str]) -> str:
    """Join lower-case subtags in the case of RFC 5646 (2.1.1): ZH-hant-tw is zh-Hant-TW, en-x-gb stays."""
    cased = subtags[:1]
    for place, subtag in enumerate(subtags[1:], start=1):
        if len(subtags[place - 1]) == 1:
            return "-".join([*cased, *subtags[place:]])
        cased.append({2: subtag.upper(), 4: subtag.capitalize()}.get(len(subtag), subtag))
    return "-".join(cased)
