"""When a silent Rasa counts as ill, and how soon it is restarted."""

from bot.rasa.health import Silence
from bot.rasa.process import compute_restart_delay


def test_an_idle_rasa_that_fails_three_checks_is_ill() -> None:
    silence = Silence()
    for second in (0.0, 4.0):
        silence.note_failed_check(second, was_idle=True)
        assert not silence.is_illness(second + 3)
    silence.note_failed_check(8.0, was_idle=True)
    assert silence.is_illness(11.0)


def test_a_busy_rasa_may_be_silent_for_a_minute() -> None:
    silence = Silence()
    for second in range(0, 60, 4):
        silence.note_failed_check(float(second), was_idle=False)
        assert not silence.is_illness(59.9)
    assert silence.is_illness(60.0)


def test_any_answer_ends_the_silence() -> None:
    silence = Silence()
    for _ in range(2):
        for second in (0.0, 4.0):
            silence.note_failed_check(second, was_idle=True)
        silence.end()
        assert not silence.is_illness(1_000.0)


def test_restarts_back_off() -> None:
    delays = [compute_restart_delay(restart) for restart in range(1, 9)]
    assert delays == [0, 2, 4, 8, 16, 32, 60, 60]
