"""English names of languages, and their tags, for catalogues that write "English" where a tag should be."""

from __future__ import annotations

# The names of ISO 639-1, and other usual ones, which are separated by a slash.
_NAMES = """
aa:Afar ab:Abkhazian/Abkhaz ae:Avestan af:Afrikaans ak:Akan am:Amharic an:Aragonese ar:Arabic as:Assamese av:Avaric
ay:Aymara az:Azerbaijani ba:Bashkir be:Belarusian bg:Bulgarian bi:Bislama bm:Bambara bn:Bengali/Bangla bo:Tibetan
br:Breton bs:Bosnian ca:Catalan/Valencian ce:Chechen ch:Chamorro co:Corsican cr:Cree cs:Czech cu:Church_Slavic
cv:Chuvash cy:Welsh da:Danish de:German dv:Divehi/Dhivehi/Maldivian dz:Dzongkha ee:Ewe el:Greek/Modern_Greek
en:English eo:Esperanto es:Spanish/Castilian et:Estonian eu:Basque fa:Persian/Farsi ff:Fulah/Fula fi:Finnish
fj:Fijian fo:Faroese fr:French fy:Western_Frisian/Frisian ga:Irish/Irish_Gaelic gd:Scottish_Gaelic/Gaelic gl:Galician
gn:Guarani gu:Gujarati gv:Manx ha:Hausa he:Hebrew hi:Hindi ho:Hiri_Motu hr:Croatian ht:Haitian/Haitian_Creole
hu:Hungarian hy:Armenian hz:Herero ia:Interlingua id:Indonesian ie:Interlingue ig:Igbo ii:Sichuan_Yi ik:Inupiaq
io:Ido is:Icelandic it:Italian iu:Inuktitut ja:Japanese jv:Javanese ka:Georgian kg:Kongo ki:Kikuyu kj:Kuanyama
kk:Kazakh kl:Kalaallisut/Greenlandic km:Khmer/Central_Khmer kn:Kannada ko:Korean kr:Kanuri ks:Kashmiri
ku:Kurdish kv:Komi kw:Cornish ky:Kirghiz/Kyrgyz la:Latin lb:Luxembourgish lg:Ganda/Luganda li:Limburgish ln:Lingala
lo:Lao lt:Lithuanian lu:Luba-Katanga lv:Latvian mg:Malagasy mh:Marshallese mi:Maori mk:Macedonian ml:Malayalam
mn:Mongolian mr:Marathi ms:Malay mt:Maltese my:Burmese na:Nauru/Nauruan nb:Norwegian_Bokmål/Bokmål
nd:North_Ndebele ne:Nepali ng:Ndonga nl:Dutch/Flemish nn:Norwegian_Nynorsk/Nynorsk no:Norwegian nr:South_Ndebele
nv:Navajo ny:Chichewa/Nyanja oc:Occitan oj:Ojibwa/Ojibwe om:Oromo or:Oriya/Odia os:Ossetian/Ossetic pa:Punjabi/Panjabi
pi:Pali pl:Polish ps:Pashto/Pushto pt:Portuguese pt-BR:Brazilian_Portuguese qu:Quechua rm:Romansh rn:Rundi/Kirundi
ro:Romanian/Moldavian/Moldovan ru:Russian rw:Kinyarwanda sa:Sanskrit sc:Sardinian sd:Sindhi se:Northern_Sami
sg:Sango sh:Serbo-Croatian si:Sinhala/Sinhalese sk:Slovak/Slovakian sl:Slovenian/Slovene sm:Samoan sn:Shona so:Somali
sq:Albanian sr:Serbian ss:Swati su:Sundanese sv:Swedish sw:Swahili ta:Tamil te:Telugu tg:Tajik th:Thai ti:Tigrinya
tk:Turkmen tl:Tagalog/Filipino tn:Tswana to:Tonga/Tongan tr:Turkish ts:Tsonga tt:Tatar tw:Twi ty:Tahitian
ug:Uighur/Uyghur uk:Ukrainian ur:Urdu uz:Uzbek ve:Venda vi:Vietnamese vo:Volapük wa:Walloon wo:Wolof xh:Xhosa
yi:Yiddish yo:Yoruba za:Zhuang zh:Chinese/Mandarin/Mandarin_Chinese zu:Zulu
ang:Old_English/Anglo-Saxon enm:Middle_English fro:Old_French grc:Ancient_Greek
"""

TAGS: dict[str, str] = {
    name.replace("_", " ").casefold(): tag
    for pair in _NAMES.split()
    for tag, _, names in [pair.partition(":")]
    for name in names.split("/")
}
"""The tag of each language, by its name in lower case."""


def tag_of_name(text: str) -> str | None:
    """Return the tag of a language by its English name, in any case; None for an unknown name."""
    return TAGS.get(" ".join(text.split()).casefold())
