PRAGMA application_id = 1330664019;
PRAGMA user_version = 4;
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
);
INSERT INTO "attempts" VALUES('01a21998-2053-7c97-ad2b-c0db5deecfa4','01a21998-204f-795c-a0b8-6a310a047936','01a21998-204c-7989-9db8-601ad977e361',0,'2026-11-26T20:42:09.875799+00:00','2026-11-26T20:42:09.876134+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,6.11159994150511920452e-05,1.64760000188834965229e-04);
INSERT INTO "attempts" VALUES('01a21998-2055-712e-a10e-b4a110ffd34b','01a21998-204f-795c-a0b8-6a310a047936','01a21998-204c-796f-92bd-b1f6f7c002b3',0,'2026-11-26T20:42:09.877077+00:00','2026-11-26T20:42:09.877196+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.46119998337235301733e-05,4.64349977846723049879e-05);
INSERT INTO "attempts" VALUES('01a21998-2055-758f-904f-69740e0f8112','01a21998-204f-795c-a0b8-6a310a047936','01a21998-204c-7948-86e3-168236ab71bc',1,'2026-11-26T20:42:09.877352+00:00','2026-11-26T20:42:09.877416+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.62050018843729048967e-05,2.06139993679244071245e-05);
INSERT INTO "attempts" VALUES('01a21998-2055-770c-9e3a-33ee51519344','01a21998-204f-795c-a0b8-6a310a047936','01a21998-204c-78bd-9c4f-3bf7ba19f823',0,'2026-11-26T20:42:09.877446+00:00','2026-11-26T20:42:09.877505+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,9.54499773797579109668e-06,2.92040022031869739294e-05);
INSERT INTO "attempts" VALUES('01a21998-2055-7885-ae23-46260efede71','01a21998-204f-795c-a0b8-6a310a047936','01a21998-204c-78bd-9c4f-3bf7ba19f823',1,'2026-11-26T20:42:09.877536+00:00','2026-11-26T20:42:09.877582+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,7.37699883757159113883e-06,1.90480022865813225507e-05);
INSERT INTO "attempts" VALUES('01a21998-2055-7d34-ad75-ea3216af779e','01a21998-204f-795c-a0b8-6a310a047936','01a21998-204c-796f-92bd-b1f6f7c002b3',1,'2026-11-26T20:42:09.877842+00:00','2026-11-26T20:42:09.878116+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.21369986725039780139e-05,4.89669982925988733768e-05);
INSERT INTO "attempts" VALUES('01a21998-2056-7498-97bc-acc35530491d','01a21998-204f-795c-a0b8-6a310a047936','01a21998-204c-7948-86e3-168236ab71bc',0,'2026-11-26T20:42:09.878297+00:00','2026-11-26T20:42:09.878517+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.04260029224678874015e-05,3.06520014419220387935e-05);
INSERT INTO "attempts" VALUES('01a21998-2055-709a-9329-f5a8dae8e815','01a21998-204f-795c-a0b8-6a310a047936','01a21998-204c-7989-9db8-601ad977e361',1,'2026-11-26T20:42:09.877047+00:00','2026-11-26T20:42:09.878924+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.63220029207877814769e-05,3.61640013579744845628e-05);
INSERT INTO "attempts" VALUES('01a21998-206b-76bf-b203-1a5c358bbee8','01a21998-2063-75d2-8d48-8f52959be168','01a21998-2061-7ddd-8107-315e74646958',0,'2026-11-26T20:42:09.899431+00:00','2026-11-26T20:42:09.900135+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,3.70200032193679362535e-05,6.04857999860541895031e-04);
INSERT INTO "attempts" VALUES('01a21998-206c-7b74-8159-ed51187e10c0','01a21998-2063-75d2-8d48-8f52959be168','01a21998-204c-7989-9db8-601ad977e361',0,'2026-11-26T20:42:09.900731+00:00','2026-11-26T20:42:09.900783+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',1.54000008478760719299e-05,NULL);
INSERT INTO "attempts" VALUES('01a21998-206c-7f89-ab16-280c80d2d378','01a21998-2063-75d2-8d48-8f52959be168','01a21998-204c-796f-92bd-b1f6f7c002b3',0,'2026-11-26T20:42:09.900976+00:00','2026-11-26T20:42:09.901070+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.47470015892758965492e-05,4.27459999627899378538e-05);
INSERT INTO "attempts" VALUES('01a21998-206d-7162-88d7-5b7f6ac70427','01a21998-2063-75d2-8d48-8f52959be168','01a21998-204c-7948-86e3-168236ab71bc',0,'2026-11-26T20:42:09.901090+00:00','2026-11-26T20:42:09.901142+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.10410001070704311132e-05,1.98149973584804683923e-05);
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
INSERT INTO "dataset_items" VALUES('01a21998-204b-74ee-bf4a-1a72cb0311cb','01a21998-204c-78bd-9c4f-3bf7ba19f823',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a21998-204b-74ee-bf4a-1a72cb0311cb','01a21998-204c-7948-86e3-168236ab71bc',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a21998-204b-74ee-bf4a-1a72cb0311cb','01a21998-204c-796f-92bd-b1f6f7c002b3',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a21998-204b-74ee-bf4a-1a72cb0311cb','01a21998-204c-7989-9db8-601ad977e361',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a21998-204b-74ee-bf4a-1a72cb0311cb','01a21998-2061-7ddd-8107-315e74646958',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a21998-204d-756e-ae87-e062eda39451','01a21998-204b-74ee-bf4a-1a72cb0311cb',1,4,'2026-11-26T20:42:09.869353+00:00');
INSERT INTO "dataset_versions" VALUES('01a21998-2062-71a8-ad7c-dacfab5a3882','01a21998-204b-74ee-bf4a-1a72cb0311cb',2,5,'2026-11-26T20:42:09.890120+00:00');
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
);
INSERT INTO "datasets" VALUES('01a21998-204b-74ee-bf4a-1a72cb0311cb','questions','what people ask','2026-11-26T20:42:09.867329+00:00');
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
INSERT INTO "experiments" VALUES('01a21998-204f-795c-a0b8-6a310a047936','whole','01a21998-204b-74ee-bf4a-1a72cb0311cb',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric"}]}}',8,'completed','2026-11-26T20:42:09.871353+00:00','2026-11-26T20:42:09.882916+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a21998-2063-75d2-8d48-8f52959be168','broken','01a21998-204b-74ee-bf4a-1a72cb0311cb',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric"},{"name":"judge"}]}}',5,'running','2026-11-26T20:42:09.891290+00:00','2026-11-26T20:42:09.901721+00:00','[]',NULL,NULL,'[]');
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
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-206b-76bf-b203-1a5c358bbee8','01a21998-2063-75d2-8d48-8f52959be168','01a21998-2061-7ddd-8107-315e74646958',0,'2026-11-26T20:42:09.899431+00:00','2026-11-26T20:42:09.900135+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,3.70200032193679362535e-05,6.04857999860541895031e-04,1700000000000000,'waiting',NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-206c-7f89-ab16-280c80d2d378','01a21998-2063-75d2-8d48-8f52959be168','01a21998-204c-796f-92bd-b1f6f7c002b3',0,'2026-11-26T20:42:09.900976+00:00','2026-11-26T20:42:09.901070+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.47470015892758965492e-05,4.27459999627899378538e-05,1700000000000001,'refused','too large');
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-206d-7162-88d7-5b7f6ac70427','01a21998-2063-75d2-8d48-8f52959be168','01a21998-204c-7948-86e3-168236ab71bc',0,'2026-11-26T20:42:09.901090+00:00','2026-11-26T20:42:09.901142+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.10410001070704311132e-05,1.98149973584804683923e-05,1700000000000002,'delivered',NULL);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a21998-206d-7321-b879-bc104ca7de6f','01a21998-2063-75d2-8d48-8f52959be168','01a21998-204c-78bd-9c4f-3bf7ba19f823',0,'2026-11-26T20:42:09.901199+00:00');
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
INSERT INTO "leases" VALUES('01a21998-204f-795c-a0b8-6a310a047936',1,NULL,'laptop','boot',9616,0.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'bfc424ff01b6639c1723f5990cd05dbe','pid:[4026531836]',2583137);
INSERT INTO "leases" VALUES('01a21998-2063-75d2-8d48-8f52959be168',1,'01a21998-206d-7321-b879-bc104ca7de6f','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'bfc424ff01b6639c1723f5990cd05dbe','pid:[4026531836]',2583137);
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
INSERT INTO "living_tasks" VALUES('01a21998-2063-75d2-8d48-8f52959be168','01a21998-204c-78bd-9c4f-3bf7ba19f823',0,'01a21998-206d-7321-b879-bc104ca7de6f','2025-12-24T18:00:00+00:00',0,'bfc424ff01b6639c1723f5990cd05dbe','laptop','boot',4242,'pid:[4026531836]',2583137,1.0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a21998-206d-7321-b879-bc104ca7de6f','01a21998-2063-75d2-8d48-8f52959be168','01a21998-204c-78bd-9c4f-3bf7ba19f823',0,'2026-11-26T20:42:09.901199+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX attempts_by_experiment ON attempts (experiment_id, item_id);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
CREATE INDEX journal_by_cell ON journal (server, experiment_id, item_id);
COMMIT;
