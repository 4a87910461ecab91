"""The audiences that a text names (children, women, older people and so on), as bits.

Pure functions of text, used to rank listings for others lower. Must never decide that a person
may not come: that is for the needs they state, in `needs`.
"""

import re

from directory.indexing.bits import join_bits

# A number is an age only after words that say so.
_AGED = r"(?:aged?|ages|i'?m|i am|is|he's|she's|turned) "
# In the order of their bits. Wide on purpose: any word for a group counts as naming it.
_WORDS = {
    "children": (
        r"child(ren)?('s)?|kids?|toddlers?|tots|bab(y|ies)|juniors?|under[- ](5|fives?|1\d)s?"
        r"|early years|pre-?school|nursery|playgroup|boys|girls|brownies|cubs|beavers|rainbows"
        r"|son|daughter|little one|mums?|parents?|famil(y|ies)|primary|school"
    ),
    "young people": (
        r"teen(s|age|agers?)?|youth|young (people|person|adults?|carers?)|adolescents?|cadets"
        rf"|student|{_AGED}(1[1-9]|2[0-4])"
    ),
    "older people": (
        r"older|elderly|pensioners?|retired|seniors?|over[- ]?(50|60|70)('?s)?|age uk|later life"
        r"|grandparents?|nan|gran(dad|ny)?|old (people|folks?|lady|man)|u3a|mum|dad"
        rf"|{_AGED}[6-9]\d"
    ),
    "women": r"wom[ae]n('s)?|lad(y|ies)|girls?|mothers?|mums?|wi|wife|her|she",
    "men": (
        r"men('s)?|mens|male|blokes?|dads?|fathers?|lads?|fellas|man|husband|boys|guys|he|him|son"
    ),
    "disabled people": (
        r"disab(ility|led|ilities)|wheelchairs?|send|special (educational )?needs|autis(m|tic)"
        r"|adhd|learning (disabilit|difficult)\w*|deaf|blind|visually|sight|down('?s)?|neuro\w+"
        r"|impair\w*"
    ),
    "ill people": (
        r"dementia|alzheimer\w*|cancer|stroke|parkinson\w*|diabet\w+|fibro\w+|memory|epilep\w+"
        r"|ms|heart"
    ),
    "LGBTQ+ people": r"lgbt\w*|gay|trans|lesbian|queer",
    "peoples and faiths": (
        r"asian|chinese|somali|muslim|african|caribbean|polish|refugees?|asylum|bame|black"
        r"|islamic|jewish|sikh|irish"
    ),
}
_PATTERNS = [re.compile(rf"\b({words})\b", re.I) for words in _WORDS.values()]
# Characters of a description that are read.
_OPENING = 300


def find_audiences(text: str) -> int:
    """The audiences that `text` names, a bit for each."""
    plain = text.replace("’", "'")
    return join_bits(bit for bit, pattern in enumerate(_PATTERNS) if pattern.search(plain))


def find_listing_audiences(name: str, description: str) -> int:
    """The audiences named by a listing's name or the beginning of its description."""
    return find_audiences(f"{name} {description[:_OPENING]}")
