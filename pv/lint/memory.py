"""The report of a whole run, kept for the next one that sees exactly the same."""

from __future__ import annotations

from pv.lint.cache import Cache, KeptRun
from pv.lint.options import Options
from pv.lint.surroundings import Surroundings
from pv.lint.survey import Survey
from pv.tables import digest_of


class Memory:
    """What is kept of runs over the same files with the same options: the last one's report."""

    def __init__(self, survey: Survey, options: Options) -> None:
        self.surroundings = Surroundings(survey.root, survey.files, options)
        self._cache = Cache(survey.root)
        settling = (
            repr(options.strict),
            repr(options.baseline and sorted(options.baseline.items())),
            repr(options.selected and sorted(options.selected)),
            repr(survey.asked and sorted(survey.asked)),
        )
        self._variant = digest_of(self.surroundings.variant, *settling)

    def recall(self) -> KeptRun | None:
        """Return the report of the last run where nothing that it saw is another now."""
        key = self.surroundings.key
        return self._cache.run(self._variant, key) if key else None

    def keep(self, run: KeptRun) -> None:
        """Keep the report of this run, where stamps will tell any later change."""
        if self.surroundings.key:
            self._cache.save_run(self._variant, self.surroundings.key, run)
