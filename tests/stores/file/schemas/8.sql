PRAGMA application_id = 1330664019;
PRAGMA user_version = 8;
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
INSERT INTO "attempts" VALUES('01a21998-2c52-7375-ae41-ac64eb1d0453','01a21998-2a49-7d35-a1e9-c0ec56303173','01a21998-2a3f-745e-9129-5a4c8e8eb849',0,'2026-11-26T20:42:12.946365+00:00','2026-11-26T20:42:12.955185+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.61740999121684581041e-04,8.30234599925461225211e-03,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-2c5f-7e29-b3d7-8aee6f9d87c9','01a21998-2a49-7d35-a1e9-c0ec56303173','01a21998-2a3f-745e-9129-5a4c8e8eb849',1,'2026-11-26T20:42:12.959903+00:00','2026-11-26T20:42:12.960300+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.55059998785145580768e-05,8.72029995662160217761e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-2c60-7cbf-a26e-a3e2fe623b9a','01a21998-2a49-7d35-a1e9-c0ec56303173','01a21998-2a3f-734d-9df5-0140feae3e71',0,'2026-11-26T20:42:12.960801+00:00','2026-11-26T20:42:12.960960+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.00490028166677802801e-05,5.68270006624516099691e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-2c60-7fd8-91bd-a4b0d9ffbd33','01a21998-2a49-7d35-a1e9-c0ec56303173','01a21998-2a3f-734d-9df5-0140feae3e71',1,'2026-11-26T20:42:12.960994+00:00','2026-11-26T20:42:12.961084+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.11490007839165627956e-05,4.42920027126092463731e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-2c61-736d-89b2-c1e40123c4fc','01a21998-2a49-7d35-a1e9-c0ec56303173','01a21998-2a3f-742d-ac18-0b24079304b2',0,'2026-11-26T20:42:12.961219+00:00','2026-11-26T20:42:12.961305+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.07909982034470885992e-05,3.48210014635697e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-2c61-78b0-b86a-86bead6e67c6','01a21998-2a49-7d35-a1e9-c0ec56303173','01a21998-2a3f-742d-ac18-0b24079304b2',1,'2026-11-26T20:42:12.961550+00:00','2026-11-26T20:42:12.961659+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.14399988180957734584e-05,3.79409975721500813961e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-2c60-7bab-ada5-e615465300fd','01a21998-2a49-7d35-a1e9-c0ec56303173','01a21998-2a3f-73d5-88f5-b46ef24cad74',0,'2026-11-26T20:42:12.960732+00:00','2026-11-26T20:42:12.967900+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.60330011264886707067e-05,6.97719988238532096147e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-2c60-7b10-a840-db6f272ab34b','01a21998-2a49-7d35-a1e9-c0ec56303173','01a21998-2a3f-73d5-88f5-b46ef24cad74',1,'2026-11-26T20:42:12.960701+00:00','2026-11-26T20:42:12.968061+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.30750013340730220079e-05,4.14930000260937958955e-05,NULL,'["equals_metric"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-2cdc-7270-9dfd-c12689a541bb','01a21998-2ca6-71ed-8502-987e1869e6a2','01a21998-2ca0-7442-b84f-63023ac59418',0,'2026-11-26T20:42:13.084177+00:00','2026-11-26T20:42:13.085918+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,3.32313997205346822738e-04,1.25342000319506041705e-03,NULL,'["equals_metric","judge"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-2cde-71ce-bdf8-8aeda63f5169','01a21998-2ca6-71ed-8502-987e1869e6a2','01a21998-2a3f-745e-9129-5a4c8e8eb849',0,'2026-11-26T20:42:13.086121+00:00','2026-11-26T20:42:13.274193+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',1.86314121998293558135e-01,NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES('01a21998-2d9d-75cf-9866-e7b9a4da1de3','01a21998-2ca6-71ed-8502-987e1869e6a2','01a21998-2a3f-742d-ac18-0b24079304b2',0,'2026-11-26T20:42:13.277382+00:00','2026-11-26T20:42:13.277788+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.30636999529087916016e-04,1.85843997314805164933e-04,NULL,'["equals_metric","judge"]',NULL);
INSERT INTO "attempts" VALUES('01a21998-2d9d-7d44-807f-61a2d2f988cd','01a21998-2ca6-71ed-8502-987e1869e6a2','01a21998-2a3f-73d5-88f5-b46ef24cad74',0,'2026-11-26T20:42:13.277835+00:00','2026-11-26T20:42:13.278491+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,6.80619996273890137672e-05,1.0022600326919928193e-04,NULL,'["equals_metric","judge"]',NULL);
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
INSERT INTO "dataset_items" VALUES('01a21998-2a39-761d-8a61-b55a536ba4e6','01a21998-2a3f-734d-9df5-0140feae3e71',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a21998-2a39-761d-8a61-b55a536ba4e6','01a21998-2a3f-73d5-88f5-b46ef24cad74',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a21998-2a39-761d-8a61-b55a536ba4e6','01a21998-2a3f-742d-ac18-0b24079304b2',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a21998-2a39-761d-8a61-b55a536ba4e6','01a21998-2a3f-745e-9129-5a4c8e8eb849',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a21998-2a39-761d-8a61-b55a536ba4e6','01a21998-2ca0-7442-b84f-63023ac59418',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL, items_added INTEGER NOT NULL DEFAULT 0, items_modified INTEGER NOT NULL DEFAULT 0, items_deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a21998-2a43-7ac8-8eb0-3380134903df','01a21998-2a39-761d-8a61-b55a536ba4e6',1,4,'2026-11-26T20:42:12.419691+00:00',4,0,0);
INSERT INTO "dataset_versions" VALUES('01a21998-2ca3-7a75-bf66-3a070b0b82c9','01a21998-2a39-761d-8a61-b55a536ba4e6',2,5,'2026-11-26T20:42:13.027670+00:00',1,0,0);
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
, project_name TEXT, deleted_name TEXT);
INSERT INTO "datasets" VALUES('01a21998-2a39-761d-8a61-b55a536ba4e6','questions','what people ask','2026-11-26T20:42:12.409406+00:00',NULL,NULL);
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
INSERT INTO "experiments" VALUES('01a21998-2a49-7d35-a1e9-c0ec56303173','whole','01a21998-2a39-761d-8a61-b55a536ba4e6',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric"}],"threads":16}}',8,'completed','2026-11-26T20:42:12.424338+00:00','2026-11-26T20:42:12.981499+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a21998-2ca6-71ed-8502-987e1869e6a2','broken','01a21998-2a39-761d-8a61-b55a536ba4e6',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric"},{"name":"judge"}],"threads":1}}',5,'running','2026-11-26T20:42:13.029939+00:00','2026-11-26T20:42:13.279754+00:00','[]',NULL,NULL,'[]');
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
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-2cdc-7270-9dfd-c12689a541bb','01a21998-2ca6-71ed-8502-987e1869e6a2','01a21998-2ca0-7442-b84f-63023ac59418',0,'2026-11-26T20:42:13.084177+00:00','2026-11-26T20:42:13.085918+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,3.32313997205346822738e-04,1.25342000319506041705e-03,1700000000000000,'waiting',NULL,NULL,'["equals_metric","judge"]',NULL,NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-2d9d-75cf-9866-e7b9a4da1de3','01a21998-2ca6-71ed-8502-987e1869e6a2','01a21998-2a3f-742d-ac18-0b24079304b2',0,'2026-11-26T20:42:13.277382+00:00','2026-11-26T20:42:13.277788+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.30636999529087916016e-04,1.85843997314805164933e-04,1700000000000001,'refused','too large',NULL,'["equals_metric","judge"]',NULL,NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-2d9d-7d44-807f-61a2d2f988cd','01a21998-2ca6-71ed-8502-987e1869e6a2','01a21998-2a3f-73d5-88f5-b46ef24cad74',0,'2026-11-26T20:42:13.277835+00:00','2026-11-26T20:42:13.278491+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,6.80619996273890137672e-05,1.0022600326919928193e-04,1700000000000002,'delivered',NULL,NULL,'["equals_metric","judge"]',NULL,NULL);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a21998-2d9f-728f-9578-e8ce33b40a17','01a21998-2ca6-71ed-8502-987e1869e6a2','01a21998-2a3f-734d-9df5-0140feae3e71',0,'2026-11-26T20:42:13.279180+00:00');
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
INSERT INTO "leases" VALUES('01a21998-2a49-7d35-a1e9-c0ec56303173',1,NULL,'laptop','boot',9827,0.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'0d7a1b815a56558b4e87e9d414b6f621','pid:[4026531836]',2583352);
INSERT INTO "leases" VALUES('01a21998-2ca6-71ed-8502-987e1869e6a2',1,'01a21998-2d9f-728f-9578-e8ce33b40a17','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'0d7a1b815a56558b4e87e9d414b6f621','pid:[4026531836]',2583352);
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
INSERT INTO "living_tasks" VALUES('01a21998-2ca6-71ed-8502-987e1869e6a2','01a21998-2a3f-734d-9df5-0140feae3e71',0,'01a21998-2d9f-728f-9578-e8ce33b40a17','2025-12-24T18:00:00+00:00',0,'0d7a1b815a56558b4e87e9d414b6f621','laptop','boot',4242,'pid:[4026531836]',2583352,1.0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a21998-2d9f-728f-9578-e8ce33b40a17','01a21998-2ca6-71ed-8502-987e1869e6a2','01a21998-2a3f-734d-9df5-0140feae3e71',0,'2026-11-26T20:42:13.279180+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX attempts_by_experiment ON attempts (experiment_id, item_id);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
CREATE INDEX journal_by_cell ON journal (server, experiment_id, item_id);
COMMIT;
