"""Normalised text for the crisis guard: one case, plain letters, corrected spellings.

Owns the table of spellings. Must never keep a text, log it, or quote it in an error.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

# Telegram sends at most 4,096 characters. Only the two ends of a longer web message are read,
# because a long story tends to say there what it is about.
_MAX_CHARACTERS = 6000

# Accents, invisible characters and unassigned ones.
_DROPPED_CATEGORIES = {"Mn", "Me", "Cf", "Cs", "Co", "Cn"}
_QUOTE_MARKS = dict.fromkeys(map(ord, "'’‘‛ʼʹʻ´`′＇ʽꞌ"), "'") | dict.fromkeys(
    map(ord, '"“”„‟«»″'), '"'
)
_LEET = str.maketrans("013457$@!|", "oieastsail")
_LEET_WITH_L = str.maketrans("013457$@!|", "oleastsail")
_TOKEN = re.compile(r"[^\W_]+(?:['*@$!|][^\W_]+|\*+[^\W_]*)*|[.!?;:\n]+")
_SPELT_OUT = re.compile(r"(?<!\w)(?:\w[ .\-_]){2,}\w(?!\w)")
_REPEATED = re.compile(r"(.)\1{2,}")

# Words to recognise when they are stretched, masked or written with digits.
_KEYWORDS = tuple(
    "kill killing killed killer die died dies dying dead death suicide suicidal myself himself "
    "herself want wanna end life live living alive cut cutting harm self hurt hurting overdose "
    "overdosed pills hang hanging rape raped raping help hate kms kys anymore goodbye sorry "
    "please abuse abused abusive hit hits stab stabbed gone over done bleeding breathe breathing "
    "alone tired tonight scared unconscious ambulance paracetamol strangled collapsed worthless "
    "emergency anymore drown drowning sleep wake noose knife blade".split()
)
# Words whose typing errors are corrected: long enough that no error makes another word.
_CORRECTED_WORDS = tuple(
    "suicide suicidal myself himself herself overdose overdosed unconscious ambulance "
    "paracetamol strangled collapsed breathing anymore worthless emergency domestic "
    "killing".split()
)

_SPELLINGS: dict[str, str] = {}
for _standard, _variants in {
    "suicide": "suicde sucide suiside suecide suicied sucicide suacide sueside suicid "
    "suizide scuicide suiciding suiced suicude sucidee",
    "suicidal": "suicidle suicidel sucidal suicdal suisidal suicidial suicideal sucidle sucicidal "
    "suicidul suicidall suecidal scuicidal",
    "kill myself": "kms killmyself unaliving unalive",
    "kill yourself": "kys",
    "want to": "wanna wana wanta wannna",
    "going to": "gonna gunna gona gonnae goin guna",
    "trying to": "tryna",
    "got to": "gotta",
    "have to": "hafta",
    "myself": "meself mesen mysen misen masel maself myslef mysefl mself miself myselves",
    "do not": "dont dnt dony donot dinnae dunt dontt",
    "do not know": "dunno",
    "does not": "doesnt dosnt dosent doesn",
    "did not": "didnt didna didnae",
    "can not": "cant cannot cnt canny cannae carnt canna",
    "could not": "couldnt",
    "will not": "wont willnae",
    "would not": "wouldnt wudnt",
    "should not": "shouldnt",
    "is not": "isnt aint int isnae isn",
    "are not": "arent",
    "was not": "wasnt wasn wasnae",
    "were not": "werent weren",
    "have not": "havent avent haven",
    "has not": "hasnt hasn",
    "had not": "hadnt",
    "i am": "im iam i'm iz",
    "i have": "ive",
    "i will": "i'll",
    "i would": "i'd",
    "he is": "hes he's",
    "she is": "shes she's",
    "they are": "theyre",
    "they have": "theyve",
    "we are": "we're",
    "we have": "weve",
    "you are": "youre",
    "it is": "its",
    "there is": "theres",
    "that is": "thats",
    "what is": "whats wots",
    "who is": "whos",
    "it will": "itll",
    "it would": "itd",
    "he will": "he'll",
    "she will": "she'll",
    "he would": "hed he'd",
    "she would": "she'd",
    "they will": "theyll",
    "they would": "theyd",
    "would have": "wouldve woulda",
    "could have": "couldve coulda",
    "should have": "shouldve shoulda",
    "let us": "let's",
    "someone": "somebody some1 sumone someones someonee summone",
    "no one": "nobody noone nobodys noones",
    "everyone": "everybody every1 evryone everyones everybodys",
    "any more": "anymore anymor nomore",
    "to": "2 tae",
    "dead": "deid",
    "was": "wis",
    "and": "nd n",
    "with": "wiv wi",
    "nothing": "nowt nuffin nothin nuthin nuttin nuffink",
    "something": "summat sumthing somethin owt",
    "because": "cos coz cuz bcos becos",
    "you": "u ya",
    "your": "ur",
    "are": "r",
    "please": "pls plz",
    "people": "ppl",
    "without": "widout wivout w/o",
    "want": "wnat wan wnt wantt",
    "mum": "mam ma mom mummy",
    "would": "wud",
    "could": "cud",
    "should": "shud",
    "cutting": "cuttin",
    "hurting": "hurtin",
    "killing": "killin",
    "dying": "dyin dieing",
    "living": "livin",
    "going": "goin",
    "tablets": "tabs",
    "daughter": "dauter daugther",
    "neighbour": "neighbor nieghbour neighbours neighbors",
    "breathe": "breath breate breeth breth",
    "bruises": "brusies bruses bruzes",
    "answering": "anwsering ansering",
    "abusive": "abbusive",
    "until": "till til untill",
}.items():
    _SPELLINGS.update(dict.fromkeys(_variants.split(), _standard))


def _drop_repeats(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)


_WORD_WITHOUT_REPEATS = {_drop_repeats(word): word for word in (*_KEYWORDS, *_SPELLINGS)}


def _list_typing_errors(word: str) -> Iterator[str]:
    """`word` with one letter left out, doubled or swapped with the next."""
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]
        yield word[: i + 1] + word[i:]
        yield word[:i] + word[i + 1 : i + 2] + word[i] + word[i + 2 :]


for _word in _CORRECTED_WORDS:
    for _error in _list_typing_errors(_word):
        if _error not in _KEYWORDS:
            _SPELLINGS.setdefault(_error, _SPELLINGS.get(_word, _word))


def normalise(text: str) -> str:
    """Plain words in lower case, with " . " between sentences; "" if there are none.

    The patterns, the n-grams and the encoder all read this form. Never raises.
    """
    return _standardise_words(fold_characters(text))


def fold_characters(text: str) -> str:
    """`text` in lower case, without accents, curly quotes and invisible characters.

    How a phone typed a sentence must not change its label.
    """
    text = unicodedata.normalize("NFKC", _cut_middle(text).translate(_QUOTE_MARKS))
    # One character may have become eighteen.
    text = _cut_middle(text).translate(_QUOTE_MARKS)
    # Upper case first: the capital of a letter such as ß or ı is another letter.
    text = unicodedata.normalize("NFKD", text.upper().casefold())
    letters = (c for c in text if unicodedata.category(c) not in _DROPPED_CATEGORIES)
    return " ".join("".join(letters).translate(_QUOTE_MARKS).split(" ")).strip()


def _cut_middle(text: str) -> str:
    if len(text) <= _MAX_CHARACTERS:
        return text
    return text[: _MAX_CHARACTERS // 2] + "\n" + text[-_MAX_CHARACTERS // 2 :]


def _standardise_words(text: str) -> str:
    text = _SPELT_OUT.sub(lambda match: re.sub(r"[ .\-_]", "", match[0]), text)
    words: list[str] = []
    for token in _TOKEN.findall(text.replace("-", " ").replace(",", " ")):
        if token[0] in ".!?;:\n":
            if words and words[-1] != ".":
                words.append(".")
        else:
            words.extend(_standardise_token(token))
    return " ".join(words).replace("my self", "myself").replace("him self", "himself")


def _standardise_token(token: str) -> Iterable[str]:
    bare = token.replace("'", "")
    if token in _SPELLINGS or bare in _SPELLINGS:
        return (_SPELLINGS.get(token) or _SPELLINGS[bare]).split()
    if "*" in token:
        return (_unmask(token),)
    if token.isascii() and not token.isalpha() and not token.isdigit():
        for table in (_LEET, _LEET_WITH_L):
            word = bare.translate(table)
            if word in _SPELLINGS:
                return _SPELLINGS[word].split()
            if word in _KEYWORDS:
                return (word,)
        bare = re.sub(r"[@$!|]", " ", bare)
    if not bare.isdigit() and _REPEATED.search(bare):
        word = _WORD_WITHOUT_REPEATS.get(_drop_repeats(bare), _REPEATED.sub(r"\1\1", bare))
        return _SPELLINGS.get(word, word).split()
    return bare.split()


def _unmask(token: str) -> str:
    shape = re.compile(re.escape(token).replace(r"\*", ".") + "$")
    return next((word for word in _KEYWORDS if shape.match(word)), token.replace("*", ""))
