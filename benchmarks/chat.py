"""What residents wait for and what it costs: start, chat turns and memory, beside a bare bot.

One run of each serves all three, as they need the same two programs up.
"""

from collections.abc import Collection
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

from benchmarks.bare_rasa import MESSAGES, STORY_STARTS, BareBot, BareTalk, bare_bot
from benchmarks.program import Program, has_listing, running
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
# Fewer turns with listings than this, and the chat that was timed is not one that works.
_LEAST_SEARCHING = 4
_DANGER = "I want to end my life"
_MEBIBYTE = 2**20


def measure(parts: Collection[str], folder: Path, *, quick: bool) -> list[Table]:
    """A table for each of `parts`: start, chat, memory."""
    tables = []
    with ExitStack() as stack:
        program = stack.enter_context(running(folder))
        bare = stack.enter_context(bare_bot(folder))
        # Talked to in any case: memory is what it is after a conversation.
        turns = _talk(program, bare, rounds=2 if quick else 12)
        if "start" in parts:
            tables.append(_tell_start(program, bare))
        if "chat" in parts:
            tables.append(turns)
        if "memory" in parts:
            tables.append(_tell_memory(program, bare))
    return tables


def _talk(program: Program, bare: BareBot, *, rounds: int) -> Table:
    ours, theirs, endangered = Talk(program.url), BareTalk(bare), Talk(program.url)
    listed: list[bool] = []
    answered: list[bool] = []

    def say_to_ours(step: int) -> None:
        if step == 0:
            ours.start_again()
        listed.append(has_listing(ours.say(_SCRIPT[step])))

    def say_to_bare(step: int) -> None:
        if step in STORY_STARTS:
            theirs.start_again()
        answered.append(bool(theirs.say(MESSAGES[step])))

    with ExitStack() as stack:
        for one in (ours, theirs, endangered):
            stack.callback(one.close)
        timings = time_in_rounds(
            {
                "bare `rasa init` bot": say_to_bare,
                "ours": say_to_ours,
                "crisis": lambda _: endangered.say(_DANGER),
            },
            steps=len(_SCRIPT),
            rounds=rounds,
        )
        ours.start_again()
        endangered.start_again()
    searching = [step for step in range(len(_SCRIPT)) if all(listed[step :: len(_SCRIPT)])]
    if len(searching) < _LEAST_SEARCHING:
        raise RuntimeError(f"only {len(searching)} of {len(_SCRIPT)} turns found listings")
    if sum(answered) < len(answered) / 2:
        raise RuntimeError("the bare bot has stopped answering")
    silent = len(answered) - sum(answered)
    return _tell_turns(timings, searching, silent)


def _tell_turns(timings: dict[str, Timings], searching: list[int], silent: int) -> Table:
    talking = [step for step in range(len(_SCRIPT)) if step not in searching]
    ours, bare = timings["ours"], timings["bare `rasa init` bot"]
    shown = {
        "bare `rasa init` bot": bare,
        "ours, all turns": ours,
        "ours, answered with listings": ours.pick(searching),
        "ours, other turns": ours.pick(talking),
        "ours, crisis message": timings["crisis"],
    }
    rows = tuple(
        (
            name,
            f"{one.p50:.1f}",
            f"{one.p95:.1f}",
            f"{one.p50 / bare.p50:.2f}",
            str(one.seconds.size),
        )
        for name, one in shown.items()
    )
    return Table(
        "Chat, a turn over HTTP on loopback",
        ("a turn", "p50 ms", "p95 ms", "x bare bot", "times"),
        rows,
        f"{len(searching)} of {len(_SCRIPT)} turns are answered with listings. "
        "A crisis message is answered by the guard; it never reaches Rasa. "
        f"The bare bot had nothing to say to {silent} of its messages.",
    )


def _tell_start(program: Program, bare: BareBot) -> Table:
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


def _tell_memory(program: Program, bare: BareBot) -> Table:
    main, rasa = psutil.Process(program.service.process.pid), program.service.rasa
    base = _resident(bare.process)
    processes = {
        "main (web, search, guard)": main.memory_info().rss,
        "Rasa": _resident(rasa),
        "both": main.memory_info().rss + _resident(rasa),
        "bare `rasa init` bot": base,
    }
    rows = tuple(
        (name, f"{size / _MEBIBYTE:.0f}", f"{size / base:.2f}") for name, size in processes.items()
    )
    return Table("Resident memory after the conversation", ("process", "MiB", "x bare bot"), rows)


def _resident(process: psutil.Process) -> int:
    """Bytes in memory, of a process and of all that it has started."""
    total: int = process.memory_info().rss
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += child.memory_info().rss
    return total
