"""What somebody tells of themselves, so that it is heard before anything is searched for."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Feeling:
    """`name` is the end of the responses that hear it; `interest` is what may help, if wanted."""

    name: str
    interest: str
    told: re.Pattern[str]


def _feeling(name: str, interest: str, *told: str) -> Feeling:
    return Feeling(name, interest, re.compile(rf"\b(?:{'|'.join(told)})\b", re.I))


COMPANY = "friendly company for people who feel alone"
# In the order of what needs hearing most.
_FEELINGS = (
    _feeling(
        "bereaved",
        "bereavement group for people who are grieving",
        r"(?:husband|wife|partner|mum|mam|dad|son|daughter|brother|sister|friend|nan|grandad|"
        r"gran|baby|he|she|mother|father|missus|other half|twin|child)"
        r"(?: \w+)? (?:died|passed(?: away| on)?|has died|has passed|was killed)",
        r"since (?:he|she|they) (?:died|passed|went)",
        r"(?:my|the) (?:late )?\w+['’]?s? (?:death|funeral|passing)",
        r"bereave\w*|griev\w*|grief|widow\w*|still ?born|miscarr\w*",
        r"(?:lost|buried) (?:my|our|me) (?:husband|wife|partner|mum|mam|dad|son|daughter|brother|"
        r"sister|best friend|friend|nan|grandad|gran|baby|mother|father|missus|other half|twin)",
    ),
    _feeling(
        "new",
        "meet people and make friends when new",
        r"(?:just|recently|newly|only) (?:moved|arrived)|moved (?:here|to the area|house)",
        r"(?:i['’]?m|we['’]?re|i am|we are) new (?:here|to|in)",
        r"new (?:country|town|to the area)",
    ),
    _feeling(
        "alone",
        COMPANY,
        r"(?:so|very|all|really|feel|feeling|live|living|i['’]?m|i am|always)"
        r" (?:alone|lonely|lonley)",
        r"loneliness|lonelyness|isolated|no friends",
        r"(?:do ?n[o'’]?t|dinnae) (?:know|ken) (?:anyone|anybody|a soul|no ?body|no ?one)",
        r"(?:got |have |have got |ive got )(?:no ?body|no one|nae ?body)",
        r"on (?:my|me) own(?: all| most| a lot| too much| now|$)",
    ),
)


def recognise(text: str) -> Feeling | None:
    """The feeling that `text` plainly tells of, if it is one that has words of its own."""
    return next((feeling for feeling in _FEELINGS if feeling.told.search(text)), None)
