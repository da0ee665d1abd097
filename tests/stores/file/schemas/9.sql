PRAGMA application_id = 1330664019;
PRAGMA user_version = 9;
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
, notes TEXT, scored_by TEXT, missing_metrics TEXT, seconds REAL, failed_metrics TEXT);
INSERT INTO "attempts" VALUES('01a21998-3183-74ef-a83f-2aff02af068f','01a21998-310b-7a35-9989-5ea5d31b850a','01a21998-30fb-739a-97e2-912b982e2ffc',0,'2026-11-26T20:42:14.275336+00:00','2026-11-26T20:42:14.276214+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.23018999147461727261e-04,5.66449998586904257535e-04,NULL,'["equals_metric"]',NULL,0.000878,NULL);
INSERT INTO "attempts" VALUES('01a21998-3186-74fb-8022-18036e5d47ee','01a21998-310b-7a35-9989-5ea5d31b850a','01a21998-30fb-736b-9fb4-2bf49b35ce4d',1,'2026-11-26T20:42:14.278324+00:00','2026-11-26T20:42:14.278513+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.37689996033441275358e-05,6.73600006848573684692e-05,NULL,'["equals_metric"]',NULL,0.000189,NULL);
INSERT INTO "attempts" VALUES('01a21998-3187-79ee-94df-a3398e8d0663','01a21998-310b-7a35-9989-5ea5d31b850a','01a21998-30fb-736b-9fb4-2bf49b35ce4d',0,'2026-11-26T20:42:14.279626+00:00','2026-11-26T20:42:14.279809+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.13400011893827468156e-05,6.8719997216248884797e-05,NULL,'["equals_metric"]',NULL,0.000183,NULL);
INSERT INTO "attempts" VALUES('01a21998-3187-7548-be5f-d1cfdda74bd6','01a21998-310b-7a35-9989-5ea5d31b850a','01a21998-30fb-728f-a991-f9e5517f5781',1,'2026-11-26T20:42:14.279340+00:00','2026-11-26T20:42:14.280851+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.40820006385911256074e-05,7.16399990778882e-05,NULL,'["equals_metric"]',NULL,0.001511,NULL);
INSERT INTO "attempts" VALUES('01a21998-3189-7419-aaf0-e0480ca5a274','01a21998-310b-7a35-9989-5ea5d31b850a','01a21998-30fb-739a-97e2-912b982e2ffc',1,'2026-11-26T20:42:14.281263+00:00','2026-11-26T20:42:14.281372+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.59010014613159e-05,3.57610006176400929689e-05,NULL,'["equals_metric"]',NULL,0.000109,NULL);
INSERT INTO "attempts" VALUES('01a21998-3189-7da4-b34e-f9c0a370d0d9','01a21998-310b-7a35-9989-5ea5d31b850a','01a21998-30fb-731a-918b-153232f3fa5c',0,'2026-11-26T20:42:14.281862+00:00','2026-11-26T20:42:14.281989+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.8062000637874007225e-05,4.556899875751696527e-05,NULL,'["equals_metric"]',NULL,0.000127,NULL);
INSERT INTO "attempts" VALUES('01a21998-3187-721a-8e0d-8ddf036dc158','01a21998-310b-7a35-9989-5ea5d31b850a','01a21998-30fb-728f-a991-f9e5517f5781',0,'2026-11-26T20:42:14.279143+00:00','2026-11-26T20:42:14.282253+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.2381999113131314516e-05,2.62889989244285970926e-05,NULL,'["equals_metric"]',NULL,0.00311,NULL);
INSERT INTO "attempts" VALUES('01a21998-318a-770c-8f8f-cbe7287da3c5','01a21998-310b-7a35-9989-5ea5d31b850a','01a21998-30fb-731a-918b-153232f3fa5c',1,'2026-11-26T20:42:14.282445+00:00','2026-11-26T20:42:14.282555+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.26089980767574161291e-05,4.65579978481400758028e-05,NULL,'["equals_metric"]',NULL,0.00011,NULL);
INSERT INTO "attempts" VALUES('01a21998-31fd-7c44-9ef9-f5c237223e7f','01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','01a21998-31be-7361-b43d-9bfc611c3f7a',0,'2026-11-26T20:42:14.397784+00:00','2026-11-26T20:42:14.466238+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,6.71547329984605312347e-02,1.17262300045695155858e-03,NULL,'["equals_metric","judge"]',NULL,0.068454,'["judge"]');
INSERT INTO "attempts" VALUES('01a21998-3244-7643-92df-71b3b38dc75c','01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','01a21998-30fb-739a-97e2-912b982e2ffc',0,'2026-11-26T20:42:14.468414+00:00','2026-11-26T20:42:14.468569+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',7.69370017223991453647e-05,NULL,NULL,NULL,NULL,0.000155,NULL);
INSERT INTO "attempts" VALUES('01a21998-3245-7ab3-8c35-28768fbafce6','01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','01a21998-30fb-736b-9fb4-2bf49b35ce4d',0,'2026-11-26T20:42:14.469681+00:00','2026-11-26T20:42:14.469983+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,8.68550014274660497903e-05,1.52529999468242749571e-04,NULL,'["equals_metric","judge"]',NULL,0.000302,NULL);
INSERT INTO "attempts" VALUES('01a21998-3246-7082-a1ca-ec9ab55bf265','01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','01a21998-30fb-731a-918b-153232f3fa5c',0,'2026-11-26T20:42:14.470038+00:00','2026-11-26T20:42:14.470206+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,4.35090005339589e-05,9.02840001799631863832e-05,NULL,'["equals_metric","judge"]',NULL,0.000168,NULL);
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
INSERT INTO "dataset_items" VALUES('01a21998-30f9-7148-837d-f078f82875d4','01a21998-30fb-728f-a991-f9e5517f5781',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a21998-30f9-7148-837d-f078f82875d4','01a21998-30fb-731a-918b-153232f3fa5c',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a21998-30f9-7148-837d-f078f82875d4','01a21998-30fb-736b-9fb4-2bf49b35ce4d',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a21998-30f9-7148-837d-f078f82875d4','01a21998-30fb-739a-97e2-912b982e2ffc',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a21998-30f9-7148-837d-f078f82875d4','01a21998-31be-7361-b43d-9bfc611c3f7a',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL, items_added INTEGER NOT NULL DEFAULT 0, items_modified INTEGER NOT NULL DEFAULT 0, items_deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a21998-3107-7a4c-ab4d-7de1691e4637','01a21998-30f9-7148-837d-f078f82875d4',1,4,'2026-11-26T20:42:14.151658+00:00',4,0,0);
INSERT INTO "dataset_versions" VALUES('01a21998-31c0-7924-a18d-ebbefbc65748','01a21998-30f9-7148-837d-f078f82875d4',2,5,'2026-11-26T20:42:14.336587+00:00',1,0,0);
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
, project_name TEXT, deleted_name TEXT);
INSERT INTO "datasets" VALUES('01a21998-30f9-7148-837d-f078f82875d4','questions','what people ask','2026-11-26T20:42:14.137277+00:00',NULL,NULL);
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
INSERT INTO "experiments" VALUES('01a21998-310b-7a35-9989-5ea5d31b850a','whole','01a21998-30f9-7148-837d-f078f82875d4',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric"}],"threads":16}}',8,'completed','2026-11-26T20:42:14.155289+00:00','2026-11-26T20:42:14.328577+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','broken','01a21998-30f9-7148-837d-f078f82875d4',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric"},{"name":"judge"}],"threads":1}}',5,'running','2026-11-26T20:42:14.339535+00:00','2026-11-26T20:42:14.485150+00:00','[]',NULL,NULL,'[]');
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
    problem TEXT, notes TEXT, scored_by TEXT, missing_metrics TEXT, steps TEXT,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-31fd-7c44-9ef9-f5c237223e7f','01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','01a21998-31be-7361-b43d-9bfc611c3f7a',0,'2026-11-26T20:42:14.397784+00:00','2026-11-26T20:42:14.466238+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,6.71547329984605312347e-02,1.17262300045695155858e-03,1700000000000000,'waiting',NULL,NULL,'["equals_metric","judge"]',NULL,NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-3245-7ab3-8c35-28768fbafce6','01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','01a21998-30fb-736b-9fb4-2bf49b35ce4d',0,'2026-11-26T20:42:14.469681+00:00','2026-11-26T20:42:14.469983+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,8.68550014274660497903e-05,1.52529999468242749571e-04,1700000000000001,'refused','too large',NULL,'["equals_metric","judge"]',NULL,NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-3246-7082-a1ca-ec9ab55bf265','01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','01a21998-30fb-731a-918b-153232f3fa5c',0,'2026-11-26T20:42:14.470038+00:00','2026-11-26T20:42:14.470206+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,4.35090005339589e-05,9.02840001799631863832e-05,1700000000000002,'delivered',NULL,NULL,'["equals_metric","judge"]',NULL,NULL);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a21998-3246-797a-87ea-76efd4d9e53d','01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','01a21998-30fb-728f-a991-f9e5517f5781',0,'2026-11-26T20:42:14.470600+00:00');
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
INSERT INTO "leases" VALUES('01a21998-310b-7a35-9989-5ea5d31b850a',1,NULL,'laptop','boot',9987,0.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'11d0691d070a7de54f041ff92d55ed73','pid:[4026531836]',2583523);
INSERT INTO "leases" VALUES('01a21998-31c3-7ac3-97d3-8aa8dfb2ad06',1,'01a21998-3246-797a-87ea-76efd4d9e53d','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'11d0691d070a7de54f041ff92d55ed73','pid:[4026531836]',2583523);
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
INSERT INTO "living_tasks" VALUES('01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','01a21998-30fb-728f-a991-f9e5517f5781',0,'01a21998-3246-797a-87ea-76efd4d9e53d','2025-12-24T18:00:00+00:00',0,'11d0691d070a7de54f041ff92d55ed73','laptop','boot',4242,'pid:[4026531836]',2583523,1.0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a21998-3246-797a-87ea-76efd4d9e53d','01a21998-31c3-7ac3-97d3-8aa8dfb2ad06','01a21998-30fb-728f-a991-f9e5517f5781',0,'2026-11-26T20:42:14.470600+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
CREATE INDEX journal_by_cell ON journal (server, experiment_id, item_id);
CREATE INDEX attempts_by_cell ON attempts (
    experiment_id, item_id, id, trial, complete, returned, seconds, error_type, failed_metrics, missing_metrics, scored_by
);
CREATE INDEX dataset_items_by_id ON dataset_items (dataset_id, id, added_in, removed_in, runs_per_item);
COMMIT;
