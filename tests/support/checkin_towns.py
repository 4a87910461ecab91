"""Populations for tests of releases, and their figures, made by the real rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checkins.disclosure import Policy
from checkins.figures import Figures, Measure
from checkins.periods import parse_period
from checkins.release.count import RawCounts
from checkins.release.secondary_suppression import DirectoryCounts, build_figures

#: One answer of one person: area, age band or None, answer or None where none was given.
Person = tuple[str, str | None, str | None]


QUESTION = Measure("friends", "How many friends?", (("1", "Few"), ("2", "Many")))


@dataclass(frozen=True)
class Town:
    """Where people live, and the one question that they are asked."""

    areas: tuple[str, ...] = ("Harbour",)
    measure: Measure = QUESTION

    def count(self, people: Iterable[Person]) -> RawCounts:
        """Raw counts, as the database would give them."""
        counts = RawCounts()
        for area, band, answer in people:
            for group in (("area", area), *((("age_band", band),) if band else ())):
                counts.checkins[group] += 1
                counts.question_sets[group].add("core-1")
                found = counts.answers[group, self.measure.code]
                if answer is not None:
                    found[answer] += 1
        return counts

    def release(
        self, period: str, people: Iterable[Person], policy: Policy = Policy.ROUND_5
    ) -> Figures:
        """Figures before they are set beside any others."""
        return build_figures(
            self.count(people),
            DirectoryCounts(),
            period=parse_period(period),
            policy=policy,
            areas=self.areas,
            measures=[self.measure],
        )


def people(area: str, band: str | None, *answers: int) -> list[Person]:
    """So many people of one area and age band, by how many gave the first answer, the second ..."""
    return [
        (area, band, str(number))
        for number, count in enumerate(answers, start=1)
        for _ in range(count)
    ]


def join(parts: Sequence[Sequence[Person]]) -> list[Person]:
    """Everybody of several periods."""
    return [person for part in parts for person in part]
