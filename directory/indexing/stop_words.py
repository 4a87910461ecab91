"""Words that full-text search leaves out, in lower case and as `words.find_stems` splits them.

A change to them changes stored entries: `entries.VERSION` must grow with it.
"""

# The English function words of NLTK's list. A contraction is split at its apostrophe: "don't" is
# "don" and a single letter, and single letters are never words.
_FUNCTION_WORDS = """
    about above after again against ain all am an and any are aren as at be because been before
    being below between both but by can couldn did didn do does doesn doing don down during each
    few for from further had hadn has hasn have haven having he her here hers herself him himself
    his how if in into is isn it its itself just ll ma me mightn more most mustn my myself needn
    no nor not now of off on once only or other our ours ourselves out over own re same shan she
    should shouldn so some such than that the their theirs them themselves then there these they
    this those through to too under until up ve very was wasn we were weren what when where which
    while who whom why will with won wouldn you your yours yourself yourselves
"""
# How people begin a request says nothing about what they want.
_REQUEST_WORDS = """
    give happy glad would could can may might much many lot bit like love enjoy want need wish
    hope look looking find get go going know think something somewhere someone anything anywhere
    anyone somebody anybody group groups people place places thing things please use used using
    useful thanks hello hi good nice really maybe also im ive id dont
"""

STOP_WORDS = frozenset(_FUNCTION_WORDS.split()) | frozenset(_REQUEST_WORDS.split())
