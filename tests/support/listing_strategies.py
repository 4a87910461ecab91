"""Hypothesis strategies for listings."""

from datetime import date, time
from typing import Any

from hypothesis import strategies as st

from directory.listing import (
    ASSETS,
    DAYS,
    KINDS,
    REPEATS,
    STATUSES,
    STRANDS,
    Listing,
    Place,
    Point,
    Schedule,
)
from directory.text import clean_text

KEY = "48102e86-bb50-41c4-8f1e-e269368c41d1"


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"]), max_size=40
).map(clean_text)


named = texts.filter(bool)


lists = st.lists(named, max_size=3, unique=True).map(tuple)


days = st.dates(date(2020, 1, 1), date(2035, 1, 1))


clocks = st.times().map(lambda at: time(at.hour, at.minute))


places = st.builds(
    Place,
    venue=texts,
    address=texts,
    neighbourhood=texts,
    postcode=st.sampled_from(["", "ZY1 4NS", "BS1 5TR"]),
    point=st.none()
    | st.builds(Point, st.floats(-90, 90), st.floats(-180, 180)).filter(lambda p: p != Point(0, 0)),
).filter(lambda place: place != Place())


@st.composite
def schedules(draw: Any) -> Schedule:
    """Times that say something: the nth of a month has a day, a date has no rule."""
    repeats = draw(st.sampled_from(["", *REPEATS]))
    starts = draw(days) if repeats in ("once", "monthly") else draw(st.none() | days)
    on = draw(st.lists(st.sampled_from(DAYS), unique=True, min_size=1).map(tuple))
    if repeats in ("once", "monthly"):
        on = ()
    ends = starts if repeats == "once" else draw(st.none() | days)
    if starts and ends and ends < starts:
        starts, ends = ends, starts
    return Schedule(
        on,
        repeats,
        opens_at=draw(st.none() | clocks),
        closes_at=draw(st.none() | clocks),
        description=draw(texts),
        starts=starts,
        ends=ends,
    )


@st.composite
def listings(draw: Any) -> Listing:
    """Anything that a source could have told."""
    low, high = sorted((draw(st.integers(0, 120)), draw(st.integers(0, 120))))
    return Listing(
        key=draw(st.just(KEY) | named),
        name=draw(named),
        kind=draw(st.sampled_from(KINDS)),
        description=draw(named),
        organisation=draw(texts),
        strands=draw(st.lists(st.sampled_from(STRANDS), unique=True).map(tuple)),
        assets=draw(st.lists(st.sampled_from(ASSETS), unique=True).map(tuple)),
        topics=draw(lists),
        website=draw(st.sampled_from(["", "https://example.org/a?b=c#d", "http://ex.example:81"])),
        email=draw(st.sampled_from(["", "jo@example.org"])),
        phone=draw(st.sampled_from(["", "+44 1632 960017", "999"])),
        places=draw(st.lists(places, max_size=3).map(tuple)),
        covers=draw(texts),
        online=draw(st.booleans()),
        schedules=draw(st.lists(schedules(), max_size=3, unique=True).map(tuple)),
        cost=draw(texts),
        cost_amount=draw(st.none() | st.integers(0, 9_999_900).map(lambda pence: pence / 100)),
        accessibility=draw(lists),
        audience=draw(st.lists(named.filter(lambda one: ">" not in one), unique=True).map(tuple)),
        minimum_age=draw(st.none() | st.just(low)),
        maximum_age=draw(st.none() | st.just(high)),
        eligibility=draw(texts),
        how_to_join=draw(texts),
        languages=draw(lists),
        skills_wanted=draw(lists),
        commitment=draw(texts),
        status=draw(st.sampled_from(STATUSES)),
        alert=draw(texts),
        confidential=draw(st.booleans()),
        assured_date=draw(st.none() | days),
        proposed=draw(
            st.lists(st.sampled_from(["kind", "strands", "assets"]), unique=True).map(tuple)
        ),
    )
