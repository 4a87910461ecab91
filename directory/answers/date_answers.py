"""Answers questions for a date from the schedules: "is it on tonight", "when is the next one".

Must never guess: where one schedule does not say its dates, none is given.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from directory.answers.clock_times import find_asked_time
from directory.answers.examples import Verdict
from directory.answers.questions import Question
from directory.date_words import MONTHS, find_day_of_month
from directory.describe import describe_alert, describe_when
from directory.listing import DAYS, Listing, Schedule
from directory.schedule import describe_hours, find_dates, name_day

_WEEKS_AHEAD = timedelta(weeks=10)
_MONTH = "|".join(MONTHS)
_NOW = re.compile(r"\b(?:right now|now|at the moment|currently|still open)\b")
_TODAY = re.compile(r"\b(?:today|tonight|this (?:morning|afternoon|evening)|later on)\b")
_TOMORROW = re.compile(r"\btomorrow\b")
_WEEKEND = re.compile(r"\b(?:this|the coming) weekend\b")
_THIS_WEEK, _NEXT_WEEK = re.compile(r"\bthis week\b"), re.compile(r"\bnext week\b")
_WEEKDAY = re.compile(rf"\b(?:this|next|coming) ({'|'.join(DAYS)})\b", re.I)
_DAY_OF_MONTH = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)(?: (?:of )?({_MONTH}))?\b|\b(\d{{1,2}}) ({_MONTH})\b"
    rf"|\b({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?\b"
)
_NEXT = re.compile(
    r"\b(?:when|what|which)\b.*\b(?:next|coming)\b.*\b(?:one|1|on|meeting|session|date|day|time|"
    r"is it|it)\b|\bnext (?:one|session|meeting|date)\b"
)
_WHETHER_ON = re.compile(
    r"\b(?:on|open|opens|running|runs?|meet|meets|meeting|happening|there|go|come|attend|pop|drop|"
    r"ring|call|turn up|start|starts|closed?|shut|anything|session)\b"
)
# Few groups are on as usual then: only an alert tells.
_HOLIDAYS = {
    "christmas eve": (12, 24),
    "christmas day": (12, 25),
    "boxing day": (12, 26),
    "new year's eve": (12, 31),
    "new years eve": (12, 31),
    "new year's day": (1, 1),
    "new years day": (1, 1),
}
_HOLIDAY = re.compile(rf"\b({'|'.join(_HOLIDAYS)})\b")
_DAYS_IN_ALERT = re.compile(
    rf"\b(\d{{1,2}}(?:(?:,| and| or| to|–|-) ?\d{{1,2}})*) ({_MONTH})\b", re.I
)
_DENIAL = re.compile(r"\b(?:no|not|closed|shut)\b", re.I)
_CLOSED = re.compile(r"\b(?:closed?|shut)\b")


@dataclass(frozen=True)
class DateAnswer:
    """A verdict that the schedules settle, what to tell the person, and the schedule's words."""

    verdict: Verdict
    text: str
    evidence: str


@dataclass(frozen=True)
class _Session:
    day: date
    schedule: Schedule


def answer_by_dates(listing: Listing, question: Question, now: datetime) -> DateAnswer | None:
    """The answer that the listing's schedules give; None if they or the question name no date."""
    text = question.text
    today = now.date()
    if _NEXT.search(text) and question.is_open is not False:
        coming = _find_next(listing, now)
        if coming is None:
            return None
        return _answer("text", f"The next time is {_name(coming)}.", listing, coming)
    dates = _find_asked_dates(text, today)
    if dates is None or not _is_about_time(question):
        return None
    if alert := _find_closure(listing) or _find_exception(listing, *dates):
        verdict: Verdict = "yes" if _CLOSED.search(text) else "no"
        return DateAnswer(verdict, f"{verdict.capitalize()}. Please note: {alert}", alert)
    sessions = _list_sessions(listing, *dates)
    if sessions is None or _HOLIDAY.search(text):
        return None
    at_time = [session for session in sessions if _is_on_at(session, text, now)]
    if question.is_open:
        if not at_time:
            return None
        return _answer("text", f"It is on {_name(at_time[0])}.", listing, at_time[0])
    is_on = bool(at_time)
    verdict = "yes" if is_on != bool(_CLOSED.search(text)) else "no"
    if is_on:
        lead = "Yes. It is on" if verdict == "yes" else "No. It is on"
        return _answer(verdict, f"{lead} {_name(at_time[0])}.", listing, at_time[0])
    coming = _find_next(listing, now)
    lead = verdict.capitalize()
    if coming is None:
        return DateAnswer(verdict, f"{lead}.", describe_when(listing))
    if sessions and sessions[0].day == coming.day:
        return _answer(verdict, f"{lead}. It is on {_name(coming)}.", listing, coming)
    return _answer(verdict, f"{lead}. The next time is {_name(coming)}.", listing, coming)


def name_days(question: str, now: datetime) -> str:
    """The question with the days of the week in place of "today" and "tomorrow"."""
    today, tomorrow = (DAYS[day.weekday()].lower() for day in (now, now + timedelta(days=1)))
    question = re.sub(r"\btonight\b", f"{today} evening", question)
    question = re.sub(r"\bthis (morning|afternoon|evening)\b", rf"{today} \1", question)
    question = re.sub(r"\btoday\b", f"on {today}", question)
    question = _TOMORROW.sub(tomorrow, question)
    if _NOW.search(question) and "open" in question:
        question = _NOW.sub("", question).strip() + f" on {today} at {now:%I:%M}{now:%p}".lower()
    return question


def _is_about_time(question: Question) -> bool:
    return question.is_open is True or bool(_WHETHER_ON.search(question.text))


def _find_asked_dates(text: str, today: date) -> tuple[date, date] | None:
    """The first and the last date that a question names."""
    if _NOW.search(text) or _TODAY.search(text):
        return today, today
    if _TOMORROW.search(text):
        return today + timedelta(days=1), today + timedelta(days=1)
    sunday = today + timedelta(days=6 - today.weekday())
    if _WEEKEND.search(text):
        return max(today, sunday - timedelta(days=1)), sunday
    if _THIS_WEEK.search(text):
        return today, sunday
    if _NEXT_WEEK.search(text):
        return sunday + timedelta(days=1), sunday + timedelta(days=7)
    if match := _HOLIDAY.search(text):
        month, number = _HOLIDAYS[match[1]]
        feast = date(today.year, month, number)
        feast = feast if feast >= today else feast.replace(year=today.year + 1)
        return feast, feast
    if match := _WEEKDAY.search(text):
        ahead = (DAYS.index(match[1].capitalize()) - today.weekday()) % 7
        return today + timedelta(days=ahead), today + timedelta(days=ahead)
    if match := _DAY_OF_MONTH.search(text):
        number = int(match[1] or match[3] or match[6])
        name = match[2] or match[4] or match[5] or ""
        day = find_day_of_month(number, name, today)
        return (day, day) if day else None
    return None


def _find_closure(listing: Listing) -> str:
    """What a listing that is closed for now says of it; empty if it is open."""
    return describe_alert(listing) if listing.status == "temporarily closed" else ""


def _list_sessions(listing: Listing, first: date, last: date) -> list[_Session] | None:
    """The sessions from `first` to `last`; None if a schedule does not say its dates."""
    if not listing.schedules or listing.status != "open":
        return None
    found = []
    for schedule in listing.schedules:
        if schedule.description:
            # Words may tell of other times than the days do.
            return None
        days = find_dates(schedule, first, last)
        if days is None:
            return None
        found += [_Session(day, schedule) for day in days]
    return sorted(found, key=lambda session: (session.day, session.schedule.opens_at or time()))


def _find_next(listing: Listing, now: datetime) -> _Session | None:
    sessions = _list_sessions(listing, now.date(), now.date() + _WEEKS_AHEAD) or []
    return next((session for session in sessions if not _is_past(session, now)), None)


def _is_past(session: _Session, now: datetime) -> bool:
    ends = session.schedule.closes_at or session.schedule.opens_at
    return session.day == now.date() and ends is not None and ends <= now.time()


def _is_on_at(session: _Session, text: str, now: datetime) -> bool:
    schedule = session.schedule
    if _NOW.search(text):
        opens, closes = schedule.opens_at, schedule.closes_at
        return bool(opens and opens <= now.time() and (closes is None or now.time() < closes))
    asked = (17.5, 24.0) if "tonight" in text else find_asked_time(text)
    if asked is None or schedule.opens_at is None:
        return not _is_past(session, now)
    begin = schedule.opens_at.hour + schedule.opens_at.minute / 60
    closes = schedule.closes_at
    end = closes.hour + closes.minute / 60 if closes else begin + 1.5
    return begin <= asked[0] <= end if asked[0] == asked[1] else asked[0] < end and begin < asked[1]


def _find_exception(listing: Listing, first: date, last: date) -> str:
    """The listing's alert, if it names the one date that is asked about and denies it."""
    alert = describe_alert(listing)
    if first != last or not _DENIAL.search(alert):
        return ""
    for names in _DAYS_IN_ALERT.finditer(alert):
        days = [int(number) for number in re.findall(r"\d+", names[1])]
        if "to" in names[1].split():
            days = list(range(days[0], days[-1] + 1))
        if first.day in days and names[2].casefold() == MONTHS[first.month - 1]:
            return alert
    return ""


def _answer(verdict: Verdict, text: str, listing: Listing, session: _Session) -> DateAnswer:
    evidence = describe_when(
        Listing(listing.key, listing.name, listing.kind, "", schedules=(session.schedule,))
    )
    alert = describe_alert(listing)
    return DateAnswer(verdict, f"{text} Please note: {alert}" if alert else text, evidence)


def _name(session: _Session) -> str:
    """The day and the times in words."""
    return ", ".join(filter(None, [name_day(session.day), describe_hours(session.schedule)]))
