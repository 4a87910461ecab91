"""English words and first names that are also names of British places.

Found by comparing a gazetteer with a list of English words by frequency. Towns whose names hardly
ever mean anything else are left out.
"""

COMMON_PLACE_WORDS = frozenset(
    """
    acre amble anchor anderson angel angle antony archway arnold arrow arsenal ash ashley
    backside badger badminton bale ball bank banks barking barley barnacle barney barry bath
    battle battlefield beach beacon bean beech beer began bicker blackness blades blunts bobbing
    booker boot borough borstal bow bower bowling box brawl breach bream bride bridge bridges
    broadway brook brooke brooks broom bugle bulwark bunny burn bury bush callow cam cameron
    capstone cargo carne carrot carry castor catchall cavendish ceres chalk chapel chard charles
    cheddar chimney chipping chittering church churchill clatter cliff clint clive cloves coast
    coat cocking col cole combs comer comers constantine cooling costa cotton countess cove
    coven crackpot craig cranberry crank craw cray creed crick crook cross crossroads crouch
    crow cults dale dawn deal dean debate dent dishes docking doll dollar douglas downside druid
    drum drums dull dyke eagle edge elm elton embankment errol eye fail fain fans farewell
    felling fence fern field flash fleet flint floors flushing folly ford forest forrest forth
    foxhole freshwater furnace gallery garden garrison garth gills glen gordon goring gotham
    grade grain graven greet grove halfway hall halls ham hamlet hammer hannah harden harley
    hart hatch haven hawthorn haynes healing heath heather heck hedging hermitage highland
    highway hill hillside hints hoe holden holloway homer honing hoo hook hope horsey hose hound
    how inch intake jersey jubilee jump keith kelly kirk knock knockdown knotting lair lake
    lakeside lana lancing law laws lea lee leslie letters lew ley lindsey lizard loans locking
    lode login loose lover low lye maidens mail malone march marcus mark marsh martin matching
    mayfair meals mere messing midfield midtown minions minster minting mitchell moat moira mold
    montgomery monument moore more moss mount mucking nash nasty nook oaken ogle old oliver
    orchard ore otter oval over pale pan pant par park patching patrick paul peel pennant pert
    petty phones pill plains plush poles pool poplar quarter racks rake ram rand raw reach read
    reading reddish reed ridge ripe ripple rise river riverside roadside robins rock rode rose
    rosebush ross roster row rugby rye sale saline salt sand sandwich sandy saul scales scaling
    scar seal seething selling send setter settle sharpness shaw sheen sheet shelf shelve shop
    slack soar sound stain staining stair stand staple staplers star steep steeple stella
    sticker stock stone stove stow strand street stuck sully summit swallow sway swell swine
    sykes tangy temple tempo thompson thong thorns throws tiptoe tong tongue toppings tore
    torrance tote toward trap trench trent trevor triangle trinity trumpet tumble twenty
    underwood university upend uphill vale valley vicarage walker wall walls warden warren water
    waterfall week weir well welling wells wendy westward whale wham whitney wick wing woodland
    woodlands wool work worth wrangle yelling
    """.split()
)
"""In lower case. In a sentence, one of these is a place only if the sentence shows it."""
