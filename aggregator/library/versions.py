"""The words that make of a song or an album another one, in the tongues that catalogues write in.

Everything here reads text as `folding.fold` leaves it: without case, accents and signs, Cyrillic and Greek in Latin
letters.
"""

from __future__ import annotations

import re
from functools import lru_cache

Version = tuple[str, str]
"""A kind of version and what it is called further: ``("remix", "eric prydz private")``, ``("live", "")``."""

_VERB = r"(?! (to|for|forever|fast|free|it|your|my|like|together|without|again|as|is|this|through|wire)\b)"
_VERB += r"(?! and (?!acoustic|unplugged|direct|in|loud|raw|remaster|rare|unreleased))"
"""Behind `live`: then it is a verb, as in `(Live and Let Die)`."""

_LIVE = (
    rf"live{_VERB}|liveversion|(en|ao|dal|in) vivo|en directo?|en public|vzhivuyu|"
    r"kontsertn\w+|(in|en|em|live) concert[oi]?|concert version|tiny desk concert|"
    r"en concierto|konzert|unplugged|\w*sessions?|live lounge|tiny desk|soundcheck|canli|na zywo"
)
_VERSIONS = tuple(
    (kind, re.compile(rf"\b({words})\b|{signs}" if signs else rf"\b({words})\b"))
    for kind, words, signs in (
        ("live", _LIVE, "ライブ|ライヴ|라이브|现场|現場"),
        ("remix", r"(re ?)?mix(es|ed)?|\w+mix|remiks|rework(ed)?|bootleg|vip|flip|refix|mash ?up", "リミックス|리믹스"),
        ("dub", r"dub", ""),
        ("rerecorded", r"re ?record(ed|ings?)|new (recording|vocals?)|(?!us |bonus |plus |albums )\w+s version", ""),
        ("acoustic", r"ac+o?u?stic[oa]?|acoustique|akusti(k|sch|ka)|piano version|stripped", "アコースティック"),
        ("demo", r"demos?|maqueta|rough mix|early version|work in progress", "デモ"),
        ("instrumental", r"instrumental\w*|instru", "インストゥルメンタル|inst ver"),
        ("karaoke", r"karaoke|backing track|minus one|playback|originally performed|(as )?made famous|in the style of",
         "カラオケ"),
        ("cover", r"cover|tribute|homage|hommage|tributo", ""),
        ("a cappella", r"a ?cap+el+a", ""),
        ("orchestral", r"orchestral|symphonic|orchestra version|string quartet version|strings version", ""),
        ("edit", r"edit|(single|radio|short|long) version|extended|(7|10|12) (inch|version|single)", ""),
        ("take", r"alternat(e|ive)|outtakes?|rehearsal|takes? \w+", ""),
        ("altered", r"sped up|speed up|slowed|nightcore|daycore|8d|reverb|chopped|screwed|bass boosted|lo fi|lullaby|"
         r"music box|8 bit", ""),
        ("part", r"interlude|reprise|commentary|trailer|snippet", ""),
    )
)  # fmt: skip
_ANY_VERSION = re.compile("|".join(words.pattern for _, words in _VERSIONS))
_TONGUES = (
    "english|ingles|anglais|englisch|spanish|espanol|espanhol|castellano|spanisch|german|deutsch|aleman|allemand|french|"
    "francais|frances|italian|italiano|italien|portuguese|portugues|japanese|korean|chinese|mandarin|russian|swedish|"
    "svenska|norwegian|norsk|danish|dansk|finnish|suomi|dutch|nederlands|polish|polski|turkish|arabic|hebrew|hindi|greek"
)
_TONGUE = re.compile(rf"^((in|en|auf|em|pa|po|version|auf) )*({_TONGUES})\w*( version)?$")
_AS_RELEASED = re.compile(r"\b(original|album|main|stereo|mono|lp|full|standard|official) (mix|edit)\b")
"""`Original Mix` is what a shop calls the song itself."""
_OF_SOME_KIND = re.compile(r"\b(versi(on|one|o|ya|ia|oni)|versao|versie|wersja|verzio|fassung)\b")
_SMALL_WORDS = re.compile(
    r"\b(the|a|an|at|in|from|on|of|version|recorded|remaster(ed)?|bonus|track|official|video|audio|feat|with|and)\b"
)


@lru_cache(maxsize=65_536)
def version(said: str) -> frozenset[Version]:
    """The kinds of version that a note behind a title names, the first with what else is said of it."""
    if _AS_RELEASED.search(said):
        return frozenset()
    if _TONGUE.match(said):
        return frozenset({("language", " ".join(_SMALL_WORDS.sub(" ", said).split()))})
    if not _ANY_VERSION.search(said):
        return frozenset()
    kinds, rest = [], said
    for kind, words in _VERSIONS:
        if words.search(rest):
            kinds.append(kind)
            rest = words.sub(" ", rest)
    detail = " ".join(_SMALL_WORDS.sub(" ", rest).split())
    return frozenset((kind, detail if at == 0 else "") for at, kind in enumerate(kinds))


def version_of_some_kind(said: str) -> frozenset[Version]:
    """`Disco Version`: not any of the kinds known, and yet not the song as released."""
    found = _OF_SOME_KIND.search(said)
    return frozenset({("version", " ".join(_OF_SOME_KIND.sub(" ", said).split()))}) if found else frozenset()
