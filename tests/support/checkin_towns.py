"""Small populations for tests of releases, and the figures that the real rules make of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checkins.disclosure import Policy
from checkins.figures import Figures, Measure
from checkins.periods import parse_period
from checkins.release.count import RawCounts
from checkins.release.secondary_suppression import DirectoryCounts, build_figures

#: One person's area, age band (None: not given) and answer (None: not given).
Person = tuple[str, str | None, str | None]


QUESTION = Measure("friends", "How many friends?", (("1", "Few"), ("2", "Many")))


@dataclass(frozen=True)
class Town:
    """The areas of a town, and the one question that its people are asked."""

    areas: tuple[str, ...] = ("Harbour",)
    measure: Measure = QUESTION

    def count(self, people: Iterable[Person]) -> RawCounts:
        """Raw counts, as the database would give them."""
        counts = RawCounts()
        for area, band, answer in people:
            for group in (("area", area), *((("age_band", band),) if band else ())):
                counts.checkins[group] += 1
                counts.question_sets[group].add("core-1")
                answer_counts = counts.answers[group, self.measure.code]
                if answer is not None:
                    answer_counts[answer] += 1
        return counts

    def release(
        self, period: str, people: Iterable[Person], policy: Policy = Policy.ROUND_5
    ) -> Figures:
        """The figures before they are checked against other releases."""
        return build_figures(
            self.count(people),
            DirectoryCounts(),
            period=parse_period(period),
            policy=policy,
            areas=self.areas,
            measures=[self.measure],
        )


def people(area: str, band: str | None, *answers: int) -> list[Person]:
    """People of one area and age band; `answers` has the number who gave each answer."""
    return [
        (area, band, str(number))
        for number, count in enumerate(answers, start=1)
        for _ in range(count)
    ]


def join(parts: Sequence[Sequence[Person]]) -> list[Person]:
    """The people of several periods together."""
    return [person for part in parts for person in part]
