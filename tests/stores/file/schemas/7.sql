PRAGMA application_id = 1330664019;
PRAGMA user_version = 7;
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
INSERT INTO "attempts" VALUES('01a21998-26a0-7bcf-9d7a-c2b7aa2febcb','01a21998-2697-7c8c-9cf7-0ab0d727c724','01a21998-268f-7be6-b521-2eeaa153b643',0,'2026-11-26T20:42:11.488749+00:00','2026-11-26T20:42:11.489220+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.22332000703318044543e-04,1.72961001226212829351e-04,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-26a1-797f-88ac-598ddd1be48d','01a21998-2697-7c8c-9cf7-0ab0d727c724','01a21998-268f-7be6-b521-2eeaa153b643',1,'2026-11-26T20:42:11.489601+00:00','2026-11-26T20:42:11.489716+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.06189979508053511381e-05,4.17939991166349500417e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-26a1-7fd8-ba2d-8949d4cadc58','01a21998-2697-7c8c-9cf7-0ab0d727c724','01a21998-268f-7bc6-9ba8-1c12bfa8cf52',0,'2026-11-26T20:42:11.490008+00:00','2026-11-26T20:42:11.490379+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,5.24859970028046518564e-05,5.98279984842520207166e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-26a3-7c1a-ba7b-21d1588b3987','01a21998-2697-7c8c-9cf7-0ab0d727c724','01a21998-268f-7bc6-9ba8-1c12bfa8cf52',1,'2026-11-26T20:42:11.491763+00:00','2026-11-26T20:42:11.491908+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.87069994758348912e-05,5.45270013390108942985e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-26a3-78e4-9bbe-eb556d4c2c47','01a21998-2697-7c8c-9cf7-0ab0d727c724','01a21998-268f-7b97-ba87-99dfd8a25527',0,'2026-11-26T20:42:11.491566+00:00','2026-11-26T20:42:11.492507+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.14709980355110019445e-05,8.77590027812402695417e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-26a4-7dda-b301-92008dd2500b','01a21998-2697-7c8c-9cf7-0ab0d727c724','01a21998-268f-7b00-824c-3e013d61c1f2',0,'2026-11-26T20:42:11.492870+00:00','2026-11-26T20:42:11.493230+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.07000006816815584897e-05,5.16379986947868e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-26a4-7f54-b9d8-9ecff8e848b5','01a21998-2697-7c8c-9cf7-0ab0d727c724','01a21998-268f-7b00-824c-3e013d61c1f2',1,'2026-11-26T20:42:11.492968+00:00','2026-11-26T20:42:11.499644+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.1255700266920030117e-04,5.66099988645873963832e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-26a4-7c2b-bd03-b6efed03bac8','01a21998-2697-7c8c-9cf7-0ab0d727c724','01a21998-268f-7b97-ba87-99dfd8a25527',1,'2026-11-26T20:42:11.492774+00:00','2026-11-26T20:42:11.499773+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.83839983947109431028e-05,2.99069979519117623567e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-26cf-77d0-a596-9c2e34d55123','01a21998-26c9-7a8c-ab83-0fb997fde4c1','01a21998-26c7-7d91-98e8-419385e9a364',0,'2026-11-26T20:42:11.535502+00:00','2026-11-26T20:42:11.536620+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,7.17039984010625630617e-05,9.88919000519672408699e-04,NULL,'["equals_metric","judge"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-26d1-7488-9125-58e1c013894b','01a21998-26c9-7a8c-ab83-0fb997fde4c1','01a21998-268f-7be6-b521-2eeaa153b643',0,'2026-11-26T20:42:11.537298+00:00','2026-11-26T20:42:11.537393+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',4.72619976790156215429e-05,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES('01a21998-26d1-7d3c-bcdb-f213d535e875','01a21998-26c9-7a8c-ab83-0fb997fde4c1','01a21998-268f-7bc6-9ba8-1c12bfa8cf52',0,'2026-11-26T20:42:11.537833+00:00','2026-11-26T20:42:11.538004+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,5.17600019520614296197e-05,9.35059979383368e-05,NULL,'["equals_metric","judge"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-26d2-7062-803f-dd6c06ca1179','01a21998-26c9-7a8c-ab83-0fb997fde4c1','01a21998-268f-7b97-ba87-99dfd8a25527',0,'2026-11-26T20:42:11.538028+00:00','2026-11-26T20:42:11.538154+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.57989995589014142751e-05,7.50540020817425101995e-05,NULL,'["equals_metric","judge"]',NULL);
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
INSERT INTO "dataset_items" VALUES('01a21998-2681-79d3-87cb-43d86be3f471','01a21998-268f-7b00-824c-3e013d61c1f2',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a21998-2681-79d3-87cb-43d86be3f471','01a21998-268f-7b97-ba87-99dfd8a25527',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a21998-2681-79d3-87cb-43d86be3f471','01a21998-268f-7bc6-9ba8-1c12bfa8cf52',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a21998-2681-79d3-87cb-43d86be3f471','01a21998-268f-7be6-b521-2eeaa153b643',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a21998-2681-79d3-87cb-43d86be3f471','01a21998-26c7-7d91-98e8-419385e9a364',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL, items_added INTEGER NOT NULL DEFAULT 0, items_modified INTEGER NOT NULL DEFAULT 0, items_deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a21998-2693-7e14-8026-202713de82e7','01a21998-2681-79d3-87cb-43d86be3f471',1,4,'2026-11-26T20:42:11.475896+00:00',4,0,0);
INSERT INTO "dataset_versions" VALUES('01a21998-26c8-73c1-9a52-4c36b860ee5b','01a21998-2681-79d3-87cb-43d86be3f471',2,5,'2026-11-26T20:42:11.528243+00:00',1,0,0);
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
, project_name TEXT, deleted_name TEXT);
INSERT INTO "datasets" VALUES('01a21998-2681-79d3-87cb-43d86be3f471','questions','what people ask','2026-11-26T20:42:11.457644+00:00',NULL,NULL);
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
INSERT INTO "experiments" VALUES('01a21998-2697-7c8c-9cf7-0ab0d727c724','whole','01a21998-2681-79d3-87cb-43d86be3f471',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric"}],"threads":16}}',8,'completed','2026-11-26T20:42:11.479565+00:00','2026-11-26T20:42:11.504146+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a21998-26c9-7a8c-ab83-0fb997fde4c1','broken','01a21998-2681-79d3-87cb-43d86be3f471',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric"},{"name":"judge"}],"threads":1}}',5,'running','2026-11-26T20:42:11.529501+00:00','2026-11-26T20:42:11.539765+00:00','[]',NULL,NULL,'[]');
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
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-26cf-77d0-a596-9c2e34d55123','01a21998-26c9-7a8c-ab83-0fb997fde4c1','01a21998-26c7-7d91-98e8-419385e9a364',0,'2026-11-26T20:42:11.535502+00:00','2026-11-26T20:42:11.536620+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,7.17039984010625630617e-05,9.88919000519672408699e-04,1700000000000000,'waiting',NULL,NULL,'["equals_metric","judge"]',NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-26d1-7d3c-bcdb-f213d535e875','01a21998-26c9-7a8c-ab83-0fb997fde4c1','01a21998-268f-7bc6-9ba8-1c12bfa8cf52',0,'2026-11-26T20:42:11.537833+00:00','2026-11-26T20:42:11.538004+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,5.17600019520614296197e-05,9.35059979383368e-05,1700000000000001,'refused','too large',NULL,'["equals_metric","judge"]',NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-26d2-7062-803f-dd6c06ca1179','01a21998-26c9-7a8c-ab83-0fb997fde4c1','01a21998-268f-7b97-ba87-99dfd8a25527',0,'2026-11-26T20:42:11.538028+00:00','2026-11-26T20:42:11.538154+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.57989995589014142751e-05,7.50540020817425101995e-05,1700000000000002,'delivered',NULL,NULL,'["equals_metric","judge"]',NULL);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a21998-26d2-72bf-add0-c7920769c89b','01a21998-26c9-7a8c-ab83-0fb997fde4c1','01a21998-268f-7b00-824c-3e013d61c1f2',0,'2026-11-26T20:42:11.538180+00:00');
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
INSERT INTO "leases" VALUES('01a21998-2697-7c8c-9cf7-0ab0d727c724',1,NULL,'laptop','boot',9731,0.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'3c46e6f1c4327968b4d93ca20333a586','pid:[4026531836]',2583271);
INSERT INTO "leases" VALUES('01a21998-26c9-7a8c-ab83-0fb997fde4c1',1,'01a21998-26d2-72bf-add0-c7920769c89b','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'3c46e6f1c4327968b4d93ca20333a586','pid:[4026531836]',2583271);
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
INSERT INTO "living_tasks" VALUES('01a21998-26c9-7a8c-ab83-0fb997fde4c1','01a21998-268f-7b00-824c-3e013d61c1f2',0,'01a21998-26d2-72bf-add0-c7920769c89b','2025-12-24T18:00:00+00:00',0,'3c46e6f1c4327968b4d93ca20333a586','laptop','boot',4242,'pid:[4026531836]',2583271,1.0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a21998-26d2-72bf-add0-c7920769c89b','01a21998-26c9-7a8c-ab83-0fb997fde4c1','01a21998-268f-7b00-824c-3e013d61c1f2',0,'2026-11-26T20:42:11.538180+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX attempts_by_experiment ON attempts (experiment_id, item_id);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
CREATE INDEX journal_by_cell ON journal (server, experiment_id, item_id);
COMMIT;
