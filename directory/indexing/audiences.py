"""Whom words speak of: children, women, older people and so on, as bits of one number.

Pure functions of text, used to sink what was written for others. Must never decide by themselves
that somebody may not come: `fitting.py` judges what people said they need.
"""

import re

# A number is an age only where it is said to be one.
_AGED = r"(?:aged?|ages|i'?m|i am|is|he's|she's|turned) "
# In the order of their bits. Wide on purpose: a group named is a group meant, whoever is asking.
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
_OPENING = 300


def find_audiences(text: str) -> int:
    """The groups of people that `text` speaks of, a bit for each."""
    plain = text.replace("’", "'")
    return sum(1 << bit for bit, pattern in enumerate(_PATTERNS) if pattern.search(plain))


def find_listing_audiences(name: str, description: str) -> int:
    """The groups that a listing speaks of in its name or as its description begins."""
    return find_audiences(f"{name} {description[:_OPENING]}")
