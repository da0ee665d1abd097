PRAGMA application_id = 1330664019;
PRAGMA user_version = 6;
BEGIN TRANSACTION;
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
, notes TEXT, scored_by TEXT, missing_metrics TEXT);
INSERT INTO "attempts" VALUES('01a21998-23b2-7ba3-9baa-789932899c04','01a21998-23ae-7c26-94da-40a911efbb16','01a21998-23ad-720c-8494-a8d44346261e',0,'2026-11-26T20:42:10.738737+00:00','2026-11-26T20:42:10.739507+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,5.29247001395560801029e-04,1.70630002685356885194e-04,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-23b7-721a-9a0b-ed116c207b5c','01a21998-23ae-7c26-94da-40a911efbb16','01a21998-23ad-720c-8494-a8d44346261e',1,'2026-11-26T20:42:10.743162+00:00','2026-11-26T20:42:10.743381+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.21630029450170695781e-05,6.51100017421413213014e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-23b7-799b-bf57-1dab6a7528e4','01a21998-23ae-7c26-94da-40a911efbb16','01a21998-23ad-7187-a5fa-c102a5612bb8',0,'2026-11-26T20:42:10.743608+00:00','2026-11-26T20:42:10.743705+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.72789987118449062108e-05,3.21980005537625402212e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-23b7-7ba7-a662-2a1896bc3c49','01a21998-23ae-7c26-94da-40a911efbb16','01a21998-23ad-7187-a5fa-c102a5612bb8',1,'2026-11-26T20:42:10.743737+00:00','2026-11-26T20:42:10.743808+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.03149977803695946931e-05,3.67190004908479750156e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-23b7-7d3e-87a6-09753a5a35b6','01a21998-23ae-7c26-94da-40a911efbb16','01a21998-23ad-710b-8297-0c1fceff1552',0,'2026-11-26T20:42:10.743831+00:00','2026-11-26T20:42:10.743898+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,9.5300019893329590559e-06,2.7295998734189197421e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-23b7-7f72-a0bc-9daeb93f06f0','01a21998-23ae-7c26-94da-40a911efbb16','01a21998-23ad-710b-8297-0c1fceff1552',1,'2026-11-26T20:42:10.743969+00:00','2026-11-26T20:42:10.744024+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,8.83900065673515200614e-06,2.62020002992358058691e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-23b8-71d4-9d4b-e0eb0c65f59f','01a21998-23ae-7c26-94da-40a911efbb16','01a21998-23ad-71d5-829a-37d49bfe0dc7',0,'2026-11-26T20:42:10.744118+00:00','2026-11-26T20:42:10.744175+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.04579994513187557458e-05,1.88610028999391943216e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-23b9-7048-a40d-2b0df1102170','01a21998-23ae-7c26-94da-40a911efbb16','01a21998-23ad-71d5-829a-37d49bfe0dc7',1,'2026-11-26T20:42:10.745037+00:00','2026-11-26T20:42:10.745271+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.56749987986404448747e-05,5.06579999637324362993e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-23dd-7c71-bac3-ff049c3e4d09','01a21998-23d2-7cd4-a68e-22eab32190d2','01a21998-23cc-7da1-bfe8-469dfc7f5e8e',0,'2026-11-26T20:42:10.781791+00:00','2026-11-26T20:42:10.783394+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,5.19850000273436307907e-05,1.33130000176606699824e-03,NULL,'["equals_metric","judge"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-23df-79d1-bc19-033149dd8ca4','01a21998-23d2-7cd4-a68e-22eab32190d2','01a21998-23ad-720c-8494-a8d44346261e',0,'2026-11-26T20:42:10.783621+00:00','2026-11-26T20:42:10.783681+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',1.00479992397595196962e-05,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES('01a21998-23e0-774e-9d41-fcfc159d0a45','01a21998-23d2-7cd4-a68e-22eab32190d2','01a21998-23ad-71d5-829a-37d49bfe0dc7',0,'2026-11-26T20:42:10.784464+00:00','2026-11-26T20:42:10.784593+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,3.44100008078385144472e-05,5.55669976165518164634e-05,NULL,'["equals_metric","judge"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-23e0-7e4e-8eab-ebf7bbc98221','01a21998-23d2-7cd4-a68e-22eab32190d2','01a21998-23ad-7187-a5fa-c102a5612bb8',0,'2026-11-26T20:42:10.784900+00:00','2026-11-26T20:42:10.784988+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.58740003826096653938e-05,3.99880009354092180728e-05,NULL,'["equals_metric","judge"]',NULL);
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
INSERT INTO "dataset_items" VALUES('01a21998-23ab-7c04-b14f-afddd66f78c6','01a21998-23ad-710b-8297-0c1fceff1552',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a21998-23ab-7c04-b14f-afddd66f78c6','01a21998-23ad-7187-a5fa-c102a5612bb8',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a21998-23ab-7c04-b14f-afddd66f78c6','01a21998-23ad-71d5-829a-37d49bfe0dc7',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a21998-23ab-7c04-b14f-afddd66f78c6','01a21998-23ad-720c-8494-a8d44346261e',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a21998-23ab-7c04-b14f-afddd66f78c6','01a21998-23cc-7da1-bfe8-469dfc7f5e8e',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a21998-23ad-785b-ab2e-bc0be4474de4','01a21998-23ab-7c04-b14f-afddd66f78c6',1,4,'2026-11-26T20:42:10.733530+00:00');
INSERT INTO "dataset_versions" VALUES('01a21998-23cf-7610-8831-863f0899e6c3','01a21998-23ab-7c04-b14f-afddd66f78c6',2,5,'2026-11-26T20:42:10.767393+00:00');
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
);
INSERT INTO "datasets" VALUES('01a21998-23ab-7c04-b14f-afddd66f78c6','questions','what people ask','2026-11-26T20:42:10.731768+00:00');
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
INSERT INTO "experiments" VALUES('01a21998-23ae-7c26-94da-40a911efbb16','whole','01a21998-23ab-7c04-b14f-afddd66f78c6',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric"}],"threads":16}}',8,'completed','2026-11-26T20:42:10.734656+00:00','2026-11-26T20:42:10.748297+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a21998-23d2-7cd4-a68e-22eab32190d2','broken','01a21998-23ab-7c04-b14f-afddd66f78c6',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric"},{"name":"judge"}],"threads":1}}',5,'running','2026-11-26T20:42:10.770720+00:00','2026-11-26T20:42:10.785620+00:00','[]',NULL,NULL,'[]');
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
    problem TEXT, notes TEXT, scored_by TEXT, missing_metrics TEXT,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-23dd-7c71-bac3-ff049c3e4d09','01a21998-23d2-7cd4-a68e-22eab32190d2','01a21998-23cc-7da1-bfe8-469dfc7f5e8e',0,'2026-11-26T20:42:10.781791+00:00','2026-11-26T20:42:10.783394+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,5.19850000273436307907e-05,1.33130000176606699824e-03,1700000000000000,'waiting',NULL,NULL,'["equals_metric","judge"]',NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-23e0-774e-9d41-fcfc159d0a45','01a21998-23d2-7cd4-a68e-22eab32190d2','01a21998-23ad-71d5-829a-37d49bfe0dc7',0,'2026-11-26T20:42:10.784464+00:00','2026-11-26T20:42:10.784593+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,3.44100008078385144472e-05,5.55669976165518164634e-05,1700000000000001,'refused','too large',NULL,'["equals_metric","judge"]',NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-23e0-7e4e-8eab-ebf7bbc98221','01a21998-23d2-7cd4-a68e-22eab32190d2','01a21998-23ad-7187-a5fa-c102a5612bb8',0,'2026-11-26T20:42:10.784900+00:00','2026-11-26T20:42:10.784988+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.58740003826096653938e-05,3.99880009354092180728e-05,1700000000000002,'delivered',NULL,NULL,'["equals_metric","judge"]',NULL);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a21998-23e1-7033-8fa1-d0b6d813ba06','01a21998-23d2-7cd4-a68e-22eab32190d2','01a21998-23ad-710b-8297-0c1fceff1552',0,'2026-11-26T20:42:10.785017+00:00');
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
, process TEXT, pid_namespace TEXT NOT NULL DEFAULT '', start_ticks INTEGER);
INSERT INTO "leases" VALUES('01a21998-23ae-7c26-94da-40a911efbb16',1,NULL,'laptop','boot',9671,0.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'61372648cb3a43449a5716dc4fd03f8d','pid:[4026531836]',2583224);
INSERT INTO "leases" VALUES('01a21998-23d2-7cd4-a68e-22eab32190d2',1,'01a21998-23e1-7033-8fa1-d0b6d813ba06','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'61372648cb3a43449a5716dc4fd03f8d','pid:[4026531836]',2583224);
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
INSERT INTO "living_tasks" VALUES('01a21998-23d2-7cd4-a68e-22eab32190d2','01a21998-23ad-710b-8297-0c1fceff1552',0,'01a21998-23e1-7033-8fa1-d0b6d813ba06','2025-12-24T18:00:00+00:00',0,'61372648cb3a43449a5716dc4fd03f8d','laptop','boot',4242,'pid:[4026531836]',2583224,1.0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a21998-23e1-7033-8fa1-d0b6d813ba06','01a21998-23d2-7cd4-a68e-22eab32190d2','01a21998-23ad-710b-8297-0c1fceff1552',0,'2026-11-26T20:42:10.785017+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX attempts_by_experiment ON attempts (experiment_id, item_id);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
CREATE INDEX journal_by_cell ON journal (server, experiment_id, item_id);
COMMIT;
