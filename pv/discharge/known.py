"""What is known of a run from outside of it: the receipts that it repeats."""

from __future__ import annotations

from pv.discharge.guards.interface import Earlier
from pv.discharge.job import Job, Returned
from pv.errors import BadInputError
from pv.evidence.receipt import repeats
from pv.model.measurement import Measurements


def earlier(job: Job, returned: Returned) -> tuple[Earlier, ...]:
    """Return what receipts over the same claim, sources and model measured, for determinism.

    A receipt whose measurements cannot be read is no run to compare with.
    """
    found: list[Earlier] = []
    try:
        same = repeats(job.root, job.contract, job.falsifier, returned.sources, job.model)
    except BadInputError:
        return ()  # a claim without a canonical form, which writing its receipt will name
    for each in same:
        try:
            measured = Measurements.from_data(each.predicate["measurements"])
        except (KeyError, TypeError):
            continue
        found.append(Earlier(each.path, measured, each.predicate["environment"]))
    return tuple(found)
