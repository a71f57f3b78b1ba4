"""The contract language as pydantic models, which generate the JSON Schema that editors use.

Reading contracts does not pass through here (importing pydantic takes longer than judging a
file): `pv.yamlfile` judges by its key tables, and a test keeps tables, models and schema of one
mind. `python -m pv.schema --write` writes the schema, `--check` exits 1 where the file is stale.

What JSON Schema cannot say is left to `pv validate`: that a day is on the calendar, that a lower
bound stands before the upper one, and that a kernel has as many falsifiers as obligations. Older
keys, which `pv` reads and does not write, are no part of the schema.
"""
