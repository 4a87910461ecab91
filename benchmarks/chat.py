"""Start, chat turns and memory of the program, compared with a bare Rasa bot.

One run of both programs serves all three parts.
"""

from collections.abc import Collection
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

from benchmarks.bare_rasa import MESSAGES, STORY_STARTS, BareBot, BareTalk, run_bare_bot
from benchmarks.program import Program, has_listing, run_program
from benchmarks.tables import Table
from benchmarks.timing import Timings, time_in_rounds
from tests.support.service import Talk

_SCRIPT = (
    "hello",
    "somewhere to do a bit of gardening with other people",
    "I am good at baking",
    "Harbourside",
    "show me others",
    "tell me more about the second one",
    "free ones",
    "nearer",
    "thank you",
    "what can you do?",
)
# With fewer turns answered by listings, the timed chat did not work.
_MIN_TURNS_WITH_LISTINGS = 4
_CRISIS = "I want to end my life"
_MEBIBYTE = 2**20


def measure(parts: Collection[str], folder: Path, *, quick: bool) -> list[Table]:
    """A table for each of `parts`: start, chat, memory."""
    tables = []
    with ExitStack() as stack:
        program = stack.enter_context(run_program(folder))
        bare = stack.enter_context(run_bare_bot(folder))
        # Always, because memory is measured after a conversation.
        turns = _measure_turns(program, bare, rounds=2 if quick else 12)
        if "start" in parts:
            tables.append(_measure_start(program, bare))
        if "chat" in parts:
            tables.append(turns)
        if "memory" in parts:
            tables.append(_measure_memory(program, bare))
    return tables


def _measure_turns(program: Program, bare: BareBot, *, rounds: int) -> Table:
    ours, bare_talk, crisis_talk = Talk(program.url), BareTalk(bare), Talk(program.url)
    has_listings: list[bool] = []
    is_answered: list[bool] = []

    def send_to_ours(step: int) -> None:
        if step == 0:
            ours.start_again()
        has_listings.append(has_listing(ours.say(_SCRIPT[step])))

    def send_to_bare(step: int) -> None:
        if step in STORY_STARTS:
            bare_talk.start_again()
        is_answered.append(bool(bare_talk.say(MESSAGES[step])))

    with ExitStack() as stack:
        for talk in (ours, bare_talk, crisis_talk):
            stack.callback(talk.close)
        timings = time_in_rounds(
            {
                "bare `rasa init` bot": send_to_bare,
                "ours": send_to_ours,
                "crisis": lambda _: crisis_talk.say(_CRISIS),
            },
            steps=len(_SCRIPT),
            rounds=rounds,
        )
        ours.start_again()
        crisis_talk.start_again()
    with_listings = [
        step for step in range(len(_SCRIPT)) if all(has_listings[step :: len(_SCRIPT)])
    ]
    if len(with_listings) < _MIN_TURNS_WITH_LISTINGS:
        raise RuntimeError(f"only {len(with_listings)} of {len(_SCRIPT)} turns found listings")
    if sum(is_answered) < len(is_answered) / 2:
        raise RuntimeError("the bare bot has stopped answering")
    silent = len(is_answered) - sum(is_answered)
    return _tabulate_turns(timings, with_listings, silent)


def _tabulate_turns(timings: dict[str, Timings], with_listings: list[int], silent: int) -> Table:
    without_listings = [step for step in range(len(_SCRIPT)) if step not in with_listings]
    ours, bare = timings["ours"], timings["bare `rasa init` bot"]
    rows_by_name = {
        "bare `rasa init` bot": bare,
        "ours, all turns": ours,
        "ours, answered with listings": ours.pick(with_listings),
        "ours, other turns": ours.pick(without_listings),
        "ours, crisis message": timings["crisis"],
    }
    rows = tuple(
        (
            name,
            f"{timing.p50:.1f}",
            f"{timing.p95:.1f}",
            f"{timing.p50 / bare.p50:.2f}",
            str(timing.seconds.size),
        )
        for name, timing in rows_by_name.items()
    )
    return Table(
        "Chat, a turn over HTTP on loopback",
        ("a turn", "p50 ms", "p95 ms", "x bare bot", "times"),
        rows,
        f"{len(with_listings)} of {len(_SCRIPT)} turns are answered with listings. "
        "A crisis message is answered by the guard; it never reaches Rasa. "
        f"The bare bot did not answer {silent} of its messages.",
    )


def _measure_start(program: Program, bare: BareBot) -> Table:
    moments = program.started
    rows = (
        ("ours: the address is printed", f"{moments.address:.1f}"),
        ("ours: a search is answered in the chat", f"{moments.search:.1f}"),
        ("ours: Rasa is up", f"{moments.rasa:.1f}"),
        ("bare `rasa init` bot: Rasa is up", f"{bare.loaded_in:.1f}"),
    )
    return Table(
        "Second start",
        ("from the command until", "seconds"),
        rows,
        f"Making and training the bare bot took {bare.trained_in:.0f} s.",
    )


def _measure_memory(program: Program, bare: BareBot) -> Table:
    main, rasa = psutil.Process(program.service.process.pid), program.service.rasa
    base = _measure_resident(bare.process)
    processes = {
        "main (web, search, guard)": main.memory_info().rss,
        "Rasa": _measure_resident(rasa),
        "both": main.memory_info().rss + _measure_resident(rasa),
        "bare `rasa init` bot": base,
    }
    rows = tuple(
        (name, f"{size / _MEBIBYTE:.0f}", f"{size / base:.2f}") for name, size in processes.items()
    )
    return Table("Resident memory after the conversation", ("process", "MiB", "x bare bot"), rows)


def _measure_resident(process: psutil.Process) -> int:
    """Resident bytes of a process and all its descendants."""
    total: int = process.memory_info().rss
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += child.memory_info().rss
    return total
