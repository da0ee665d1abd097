"""The tables of the local SQLite file. Times are ISO 8601 text in UTC, structured values are JSON text."""

from __future__ import annotations

APPLICATION_ID = 0x4F505253  # "OPRS": tells our files from other programs' databases

_FIRST = """
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
);
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (dataset_id, number)
);
-- A row belongs to the versions added_in <= n < removed_in: versions share the rows they have in common.
CREATE TABLE dataset_items (
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    added_in INTEGER NOT NULL,
    removed_in INTEGER,
    data TEXT NOT NULL,
    runs_per_item INTEGER,
    digest TEXT NOT NULL,
    PRIMARY KEY (dataset_id, id, added_in)
);
CREATE TABLE experiments (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    dataset_id TEXT NOT NULL REFERENCES datasets(id),
    version_number INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    expected INTEGER NOT NULL,
    status TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    tags TEXT NOT NULL,
    project_name TEXT,
    item_ids TEXT,
    scores TEXT NOT NULL
);
CREATE INDEX experiments_by_name ON experiments (name);
CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    returned INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    task_output TEXT,
    scores TEXT NOT NULL,
    error_type TEXT,
    error_message TEXT,
    error_traceback TEXT,
    task_seconds REAL,
    scoring_seconds REAL
);
CREATE INDEX attempts_by_experiment ON attempts (experiment_id, item_id);
-- A start without an attempt of the same id is a run that never reported back.
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
-- A released lease keeps its row, so that the token only ever grows.
CREATE TABLE leases (
    experiment_id TEXT PRIMARY KEY,
    token INTEGER NOT NULL,
    run_id TEXT,
    host TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_start REAL NOT NULL,
    since TEXT NOT NULL,
    heartbeat TEXT NOT NULL,
    stopping INTEGER NOT NULL
);
"""

# What goes to a server. ``server`` is its URL and workspace, never a key. ``revision`` grows with each recording.
_JOURNAL = """
CREATE TABLE journal (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    returned INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    task_output TEXT,
    scores TEXT NOT NULL,
    error_type TEXT,
    error_message TEXT,
    error_traceback TEXT,
    task_seconds REAL,
    scoring_seconds REAL,
    revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    problem TEXT,
    PRIMARY KEY (server, id)
);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_by_experiment ON journal (server, experiment_id);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
"""

# No tables: from here on who closes the file last takes it out of WAL mode (opening.py).
_CLOSED = ""

# Who is alive is told by a locked file, named in ``process``, where there are locks; and what the claim of a cell looks at.
_ALIVE = """
ALTER TABLE leases ADD COLUMN process TEXT;
ALTER TABLE leases ADD COLUMN pid_namespace TEXT NOT NULL DEFAULT '';
ALTER TABLE leases ADD COLUMN start_ticks INTEGER;
-- Tasks of ended runs that still are on a cell, each a mark that counts while its process lives.
CREATE TABLE living_tasks (
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    since TEXT NOT NULL,
    completed INTEGER NOT NULL,
    process TEXT,
    host TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    pid INTEGER NOT NULL,
    pid_namespace TEXT NOT NULL,
    start_ticks INTEGER,
    process_start REAL NOT NULL,
    PRIMARY KEY (experiment_id, item_id, trial, run_id)
);
DROP INDEX journal_by_experiment;
CREATE INDEX journal_by_cell ON journal (server, experiment_id, item_id);
"""

# What was converted of an output, as a JSON list. Servers are named without what stood before the "@" in their URL.
_HOST = "substr(server, instr(server, '://') + 3)"
_HOST = f"substr({_HOST}, 1, instr({_HOST} || '/', '/') - 1)"  # with what stands before its last "@"
_BEFORE = f"rtrim({_HOST}, replace({_HOST}, '@', ''))"  # that, and the "@"
_BARE = f"replace(server, '://' || {_BEFORE}, '://')"
_VALUES = f"""
ALTER TABLE attempts ADD COLUMN notes TEXT;
ALTER TABLE journal ADD COLUMN notes TEXT;
UPDATE OR IGNORE journal SET server = {_BARE} WHERE server LIKE '%://%@%';
DELETE FROM journal WHERE server LIKE '%://%@%' AND server != {_BARE};
UPDATE OR IGNORE journal_starts SET server = {_BARE} WHERE server LIKE '%://%@%';
DELETE FROM journal_starts WHERE server LIKE '%://%@%' AND server != {_BARE};
DELETE FROM leases WHERE experiment_id LIKE 'delivery to %://%@%';
"""

# The names of the metrics that scored a run, and of those that were not given to it: JSON lists.
_METRICS = "".join(
    f"ALTER TABLE {table} ADD COLUMN {column} TEXT;\n"
    for table in ("attempts", "journal")
    for column in ("scored_by", "missing_metrics")
)

# The project of a dataset, and its name if it was deleted while experiments need it; what a version changed.
_SUCCESSOR = """SELECT 1 FROM dataset_items n
    WHERE n.dataset_id = i.dataset_id AND n.id = i.id AND n.added_in = i.removed_in"""
_PREDECESSOR = """SELECT 1 FROM dataset_items p
    WHERE p.dataset_id = i.dataset_id AND p.id = i.id AND p.removed_in = i.added_in"""
_ITEMS = "SELECT count(*) FROM dataset_items i WHERE i.dataset_id = dataset_versions.dataset_id"
_DATASETS = f"""
ALTER TABLE datasets ADD COLUMN project_name TEXT;
ALTER TABLE datasets ADD COLUMN deleted_name TEXT;
ALTER TABLE dataset_versions ADD COLUMN items_added INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dataset_versions ADD COLUMN items_modified INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dataset_versions ADD COLUMN items_deleted INTEGER NOT NULL DEFAULT 0;
UPDATE dataset_versions SET
    items_added = ({_ITEMS} AND i.added_in = dataset_versions.number AND NOT EXISTS ({_PREDECESSOR})),
    items_modified = ({_ITEMS} AND i.added_in = dataset_versions.number AND EXISTS ({_PREDECESSOR} AND p.digest != i.digest)),
    items_deleted = ({_ITEMS} AND i.removed_in = dataset_versions.number AND NOT EXISTS ({_SUCCESSOR}));
"""

# How task and metrics were called: JSON, for the spans that a server shows. This file keeps no spans of its own runs.
_CALLS = "ALTER TABLE journal ADD COLUMN steps TEXT;"

# What is read of every item and attempt to tell the state of each cell: from an index, without what users' JSON holds.
_ROUNDED = "round((julianday(ended_at) - julianday(started_at)) * 86400.0, 3)"
_COLUMNS = f"""
ALTER TABLE attempts ADD COLUMN seconds REAL;
ALTER TABLE attempts ADD COLUMN failed_metrics TEXT;
UPDATE attempts SET seconds = {_ROUNDED} WHERE ended_at IS NOT NULL;
UPDATE attempts SET failed_metrics = (
    SELECT json_group_array(json_extract(score.value, '$.name')) FROM json_each(attempts.scores) AS score
    WHERE json_extract(score.value, '$.scoring_failed')
) WHERE json_valid(scores) AND EXISTS (
    SELECT 1 FROM json_each(attempts.scores) AS score WHERE json_extract(score.value, '$.scoring_failed')
);
DROP INDEX attempts_by_experiment;
CREATE INDEX attempts_by_cell ON attempts (
    experiment_id, item_id, id, trial, complete, returned, seconds, error_type, failed_metrics, missing_metrics, scored_by
);
CREATE INDEX dataset_items_by_id ON dataset_items (dataset_id, id, added_in, removed_in, runs_per_item);
"""

# The version of task and metrics that made a run, and what each is made of, for people to see what has changed. ``server``
# is empty for experiments of this file. Sources leave this file for no server.
_VERSIONS = """
ALTER TABLE attempts ADD COLUMN version TEXT;
ALTER TABLE journal ADD COLUMN version TEXT;
DROP INDEX attempts_by_cell;
CREATE INDEX attempts_by_cell ON attempts (
    experiment_id, item_id, id, trial, complete, returned, seconds, error_type, failed_metrics, missing_metrics, scored_by,
    version
);
CREATE TABLE callables (
    server TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    version TEXT NOT NULL,
    made_of TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    PRIMARY KEY (server, experiment_id, version)
);
"""

# What a run cost in US dollars, and when it began in seconds since 1970: both told from the index, as all of the above.
_COSTS = """
ALTER TABLE attempts ADD COLUMN cost REAL;
ALTER TABLE journal ADD COLUMN cost REAL;
ALTER TABLE attempts ADD COLUMN began REAL;
UPDATE attempts SET began = round((julianday(started_at) - 2440587.5) * 86400.0, 3);
DROP INDEX attempts_by_cell;
CREATE INDEX attempts_by_cell ON attempts (
    experiment_id, item_id, id, trial, complete, returned, seconds, began, cost, error_type, failed_metrics,
    missing_metrics, scored_by, version
);
"""

# What task and metrics printed, warned of and logged.
_PRINTS = "".join(f"ALTER TABLE {table} ADD COLUMN prints TEXT;\n" for table in ("attempts", "journal"))

# The calls of the task of an attempt that took several: a JSON list.
_TRIES = "".join(f"ALTER TABLE {table} ADD COLUMN tries TEXT;\n" for table in ("attempts", "journal"))

STEPS = (
    *(_FIRST, _JOURNAL, _CLOSED, _ALIVE, _VALUES, _METRICS, _DATASETS, _CALLS, _COLUMNS),
    *(_VERSIONS, _COSTS, _PRINTS, _TRIES),
)
"""What each version adds to the one before: a new file gets all of them, an older one those that it lacks."""

VERSION = len(STEPS)
CLOSED_FROM = STEPS.index(_CLOSED) + 1
