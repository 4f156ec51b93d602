r"""LaTeX in the values of BibTeX fields: accents, symbols, braces and quotation marks to Unicode, and back.

It covers what titles and names have. Formulas stay as they are written. Unknown commands stay in the text, and are
returned for the summary.
"""

from __future__ import annotations

import re
import unicodedata

# ruff: noqa: RUF001 - typographic characters are what this is about


def _greek(command: str) -> str:
    """Return the name that Unicode has for the Greek letter of a command."""
    case = "CAPITAL" if command[0].isupper() else "SMALL"
    return f"GREEK {case} LETTER {command.upper().replace('LAMBDA', 'LAMDA')}"


_ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
    "t": "\u0361",
}
_DOTLESS = {"\u0131": "i", "\u0237": "j"}
_LETTERS = {
    "ss": "ß",
    "SS": "SS",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "i": "\u0131",
    "j": "\u0237",
    "dh": "ð",
    "DH": "Ð",
    "dj": "đ",
    "DJ": "Đ",
    "th": "þ",
    "TH": "Þ",
    "ng": "ŋ",
    "NG": "Ŋ",
}
_SYMBOLS = {
    "textbackslash": "\\",
    "backslash": "\\",
    "textbraceleft": "{",
    "textbraceright": "}",
    "lbrace": "{",
    "rbrace": "}",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textdollar": "$",
    "textunderscore": "_",
    "textquotesingle": "'",
    "textquotedbl": '"',
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "ldots": "…",
    "dots": "…",
    "textellipsis": "…",
    "textendash": "–",
    "textemdash": "—",
    "textquoteleft": "‘",
    "textquoteright": "’",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "quotedblbase": "„",
    "quotesinglbase": "‚",
    "glqq": "„",
    "grqq": "“",
    "guillemotleft": "«",
    "guillemotright": "»",
    "flqq": "«",
    "frqq": "»",
    "textexclamdown": "¡",
    "textquestiondown": "¿",
    "copyright": "©",
    "textcopyright": "©",
    "textregistered": "®",
    "texttrademark": "™",
    "textdegree": "°",
    "pounds": "£",
    "textsterling": "£",
    "euro": "€",
    "texteuro": "€",
    "S": "§",
    "P": "¶",
    "times": "×",
    "TeX": "TeX",
    "LaTeX": "LaTeX",
    "BibTeX": "BibTeX",
    "slash": "/",
    "quad": " ",
    "qquad": " ",
    "newline": " ",
    "par": " ",
    "space": " ",
    "textvisiblespace": " ",
}
_SPACES = {" ": " ", ",": " ", ";": " ", ":": " ", "\\": " ", "\n": " ", "/": "", "-": "", "!": "", "@": "", "*": ""}
# Typefaces and the like: their braces vanish, and what is in them stays.
_TYPEFACES = frozenset(
    (
        *(
            "emph",
            "textit",
            "textbf",
            "texttt",
            "textsc",
            "textrm",
            "textsf",
            "textsl",
            "textup",
            "textmd",
            "textnormal",
        ),
        *("mkbibemph", "mkbibitalic", "mkbibbold", "textsuperscript", "textsubscript", "mbox", "text", "ensuremath"),
        *(
            "mathrm",
            "mathit",
            "mathbf",
            "mathcal",
            "mathsf",
            "url",
            "nolinkurl",
            "path",
            "protect",
            "relax",
            "noopsort",
        ),
        *("it", "bf", "em", "sc", "tt", "rm", "sf", "sl", "itshape", "bfseries", "scshape", "upshape", "ttfamily"),
        *("rmfamily", "sffamily", "normalfont", "small", "large", "hyp", "allowbreak"),
    )
)
_QUOTES = frozenset(("enquote", "mkbibquote"))
_GREEK_NAMES = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
_GREEK = {name: unicodedata.lookup(_greek(name)) for name in _GREEK_NAMES.split()}
_COMMANDS = {**_LETTERS, **_SYMBOLS, **_GREEK}
_LIGATURES = {"---": "—", "--": "–", "``": "“", "''": "”", "!`": "¡", "?`": "¿", "~": " "}

_TOKEN = re.compile(
    r"\\(?P<command>[A-Za-z]+)[ \t\n]*|\\(?P<symbol>.)|(?P<brace>[{}])|(?P<ligature>---?|``|''|[!?]`|~)"
    r"|(?P<text>[^\\{}~`'!?-]+|.)",
    re.DOTALL,
)
# As pandoc tells formulas from sums of money.
_FORMULA = re.compile(r"(?<!\\)\$(?=[^\s$])([^$]*[^\s\\$])\$(?![0-9])")
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{char: "\\" + char for char in "%&#_$"},
}
_PAIRED_BRACES = {"{": r"\{", "}": r"\}"}
_TO_ESCAPE = re.compile(r"[\\{}~^%&#_$]|-(?=-)|`(?=`)|'(?=')|[!?](?=`)")


def decoded(text: str) -> tuple[str, list[str]]:
    """Return the text in Unicode, and the commands in it that are not known."""
    if not any(char in text for char in "\\{}~"):
        return text, []
    decoder = _Decoder()
    for match in _TOKEN.finditer(_FORMULA.sub(r"\1", text)):
        decoder.take(match)
    return "".join(decoder.parts), decoder.unknown


def escaped(text: str) -> str:
    r"""Return the text so that LaTeX sets it, and `decoded` reads it, as it is.

    Braces that are in pairs become \{ and \}. BibTeX counts these too, so that others need commands.
    """
    special = _SPECIAL | _PAIRED_BRACES if _is_balanced(text) else _SPECIAL
    return _TO_ESCAPE.sub(lambda match: special.get(match[0], match[0] + "{}"), text)


def _is_balanced(text: str) -> bool:
    """Tell whether each brace has one that closes it."""
    depth = 0
    for char in re.findall(r"[{}]", text):
        depth += 1 if char == "{" else -1
        if depth < 0:
            return False
    return depth == 0


class _Decoder:
    """Collects the Unicode text of tokens."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.unknown: list[str] = []
        self._accent: str | None = None
        self._opening = False
        self._closing: list[str] = []
        self._quote = False

    def take(self, match: re.Match[str]) -> None:
        """Take one token."""
        kind, token = match.lastgroup, match[match.lastgroup or 0]
        if kind == "brace":
            self._brace(token)
        elif kind == "command" and token in _ACCENTS:
            self._begin_accent(token)
        elif kind == "command":
            self._command(token)
        elif kind == "symbol" and token in _ACCENTS:
            self._begin_accent(token)
        elif kind == "symbol":
            self._add(_SPACES.get(token, token))
        else:
            self._add(_LIGATURES.get(token, token))

    def _begin_accent(self, command: str) -> None:
        self._accent, self._opening = command, False

    def _brace(self, brace: str) -> None:
        if brace == "{":
            self._opening = True
            self._closing.append("”" if self._quote else "")
            if self._quote:
                self.parts.append("“")
            self._quote = False
            return
        if self._accent is not None and self._opening:  # \^{} is the character itself
            self.parts.append(self._accent)
            self._accent = None
        if self._closing:
            self.parts.append(self._closing.pop())

    def _command(self, command: str) -> None:
        if command in _QUOTES:
            self._quote = True
        elif command in _COMMANDS:
            self._add(_COMMANDS[command])
        elif command not in _TYPEFACES:
            self._add(f"\\{command} ")
            self.unknown.append(f"\\{command}")

    def _add(self, text: str) -> None:
        """Add text. A pending accent goes on its first letter."""
        if self._accent is not None:
            text = text.lstrip()
            if not text:
                return
            base = _DOTLESS.get(text[0], text[0])
            text = unicodedata.normalize("NFC", base + _ACCENTS[self._accent]) + text[1:]
            self._accent = None
        self._opening = False
        self.parts.append(text)
