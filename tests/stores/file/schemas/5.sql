PRAGMA application_id = 1330664019;
PRAGMA user_version = 5;
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
, notes TEXT);
INSERT INTO "attempts" VALUES('01a21998-21d1-7fe9-862d-a5744eb04a70','01a21998-21c6-71e8-b1d6-c0a9025872d5','01a21998-21c4-7774-88fb-6db723c108cc',0,'2026-11-26T20:42:10.258015+00:00','2026-11-26T20:42:10.258353+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,7.06340033502783626317e-05,1.76894001924665644764e-04,NULL);
INSERT INTO "attempts" VALUES('01a21998-21d3-729f-bc25-c0f174f8bf55','01a21998-21c6-71e8-b1d6-c0a9025872d5','01a21998-21c4-7774-88fb-6db723c108cc',1,'2026-11-26T20:42:10.259177+00:00','2026-11-26T20:42:10.259313+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.42820021614898e-05,4.98749977850820869207e-05,NULL);
INSERT INTO "attempts" VALUES('01a21998-21d3-7582-a64a-df37b4a14158','01a21998-21c6-71e8-b1d6-c0a9025872d5','01a21998-21c4-7754-9a3a-0a92abfeadeb',0,'2026-11-26T20:42:10.259355+00:00','2026-11-26T20:42:10.259424+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.19549986266065388917e-05,3.08789967675693333148e-05,NULL);
INSERT INTO "attempts" VALUES('01a21998-21d3-78b6-b8f9-4bcf34ea146d','01a21998-21c6-71e8-b1d6-c0a9025872d5','01a21998-21c4-7754-9a3a-0a92abfeadeb',1,'2026-11-26T20:42:10.259552+00:00','2026-11-26T20:42:10.259622+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.10949986265040934085e-05,3.41660015692468732595e-05,NULL);
INSERT INTO "attempts" VALUES('01a21998-21d3-7a42-a244-4dd3f0b1fcd9','01a21998-21c6-71e8-b1d6-c0a9025872d5','01a21998-21c4-771f-9189-499a84b1e71b',0,'2026-11-26T20:42:10.259645+00:00','2026-11-26T20:42:10.259701+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.38159994094166904687e-05,2.30590012506581842899e-05,NULL);
INSERT INTO "attempts" VALUES('01a21998-21d3-7b7a-b577-418c45e8ce41','01a21998-21c6-71e8-b1d6-c0a9025872d5','01a21998-21c4-771f-9189-499a84b1e71b',1,'2026-11-26T20:42:10.259720+00:00','2026-11-26T20:42:10.259782+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,9.27799919736571609973e-06,2.55119994108099490404e-05,NULL);
INSERT INTO "attempts" VALUES('01a21998-21d3-7cc7-a191-e60076de05bc','01a21998-21c6-71e8-b1d6-c0a9025872d5','01a21998-21c4-74f0-bf28-0d0d47211f1e',0,'2026-11-26T20:42:10.259802+00:00','2026-11-26T20:42:10.259853+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,7.44000135455280542373e-06,2.61689965554978698492e-05,NULL);
INSERT INTO "attempts" VALUES('01a21998-21d3-7e05-bd7a-a082464f16c2','01a21998-21c6-71e8-b1d6-c0a9025872d5','01a21998-21c4-74f0-bf28-0d0d47211f1e',1,'2026-11-26T20:42:10.259879+00:00','2026-11-26T20:42:10.259952+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.22359997476451098918e-05,3.15190009132493287324e-05,NULL);
INSERT INTO "attempts" VALUES('01a21998-21fb-766b-a81b-976753764b92','01a21998-21f1-7f31-8c60-9dd3288f8125','01a21998-21eb-7abd-8d04-561953d9f94d',0,'2026-11-26T20:42:10.299419+00:00','2026-11-26T20:42:10.300745+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,4.98339977639261633157e-05,1.07479799771681427955e-03,NULL);
INSERT INTO "attempts" VALUES('01a21998-21fd-77a6-aa01-07d93ba82dfd','01a21998-21f1-7f31-8c60-9dd3288f8125','01a21998-21c4-7774-88fb-6db723c108cc',0,'2026-11-26T20:42:10.301489+00:00','2026-11-26T20:42:10.301652+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',3.39039979735389351844e-05,NULL,NULL);
INSERT INTO "attempts" VALUES('01a21998-21fe-71ee-ba6f-06903dcd87a9','01a21998-21f1-7f31-8c60-9dd3288f8125','01a21998-21c4-7754-9a3a-0a92abfeadeb',0,'2026-11-26T20:42:10.302130+00:00','2026-11-26T20:42:10.302248+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.57499996223486959934e-05,6.20930004515685141086e-05,NULL);
INSERT INTO "attempts" VALUES('01a21998-21fe-744e-a156-f25d053de7b3','01a21998-21f1-7f31-8c60-9dd3288f8125','01a21998-21c4-771f-9189-499a84b1e71b',0,'2026-11-26T20:42:10.302273+00:00','2026-11-26T20:42:10.302352+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.82309995579998940229e-05,3.73729999409988522529e-05,NULL);
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
INSERT INTO "dataset_items" VALUES('01a21998-21c3-7305-a405-fd8fd3e40097','01a21998-21c4-74f0-bf28-0d0d47211f1e',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a21998-21c3-7305-a405-fd8fd3e40097','01a21998-21c4-771f-9189-499a84b1e71b',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a21998-21c3-7305-a405-fd8fd3e40097','01a21998-21c4-7754-9a3a-0a92abfeadeb',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a21998-21c3-7305-a405-fd8fd3e40097','01a21998-21c4-7774-88fb-6db723c108cc',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a21998-21c3-7305-a405-fd8fd3e40097','01a21998-21eb-7abd-8d04-561953d9f94d',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a21998-21c5-7367-8d41-d7a6ca587bea','01a21998-21c3-7305-a405-fd8fd3e40097',1,4,'2026-11-26T20:42:10.245222+00:00');
INSERT INTO "dataset_versions" VALUES('01a21998-21ee-788e-a9ac-52cd5cf7de38','01a21998-21c3-7305-a405-fd8fd3e40097',2,5,'2026-11-26T20:42:10.286553+00:00');
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
);
INSERT INTO "datasets" VALUES('01a21998-21c3-7305-a405-fd8fd3e40097','questions','what people ask','2026-11-26T20:42:10.243207+00:00');
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
INSERT INTO "experiments" VALUES('01a21998-21c6-71e8-b1d6-c0a9025872d5','whole','01a21998-21c3-7305-a405-fd8fd3e40097',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric"}]}}',8,'completed','2026-11-26T20:42:10.246002+00:00','2026-11-26T20:42:10.273322+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a21998-21f1-7f31-8c60-9dd3288f8125','broken','01a21998-21c3-7305-a405-fd8fd3e40097',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric"},{"name":"judge"}]}}',5,'running','2026-11-26T20:42:10.289872+00:00','2026-11-26T20:42:10.303529+00:00','[]',NULL,NULL,'[]');
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
    problem TEXT, notes TEXT,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-21fb-766b-a81b-976753764b92','01a21998-21f1-7f31-8c60-9dd3288f8125','01a21998-21eb-7abd-8d04-561953d9f94d',0,'2026-11-26T20:42:10.299419+00:00','2026-11-26T20:42:10.300745+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,4.98339977639261633157e-05,1.07479799771681427955e-03,1700000000000000,'waiting',NULL,NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-21fe-71ee-ba6f-06903dcd87a9','01a21998-21f1-7f31-8c60-9dd3288f8125','01a21998-21c4-7754-9a3a-0a92abfeadeb',0,'2026-11-26T20:42:10.302130+00:00','2026-11-26T20:42:10.302248+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.57499996223486959934e-05,6.20930004515685141086e-05,1700000000000001,'refused','too large',NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-21fe-744e-a156-f25d053de7b3','01a21998-21f1-7f31-8c60-9dd3288f8125','01a21998-21c4-771f-9189-499a84b1e71b',0,'2026-11-26T20:42:10.302273+00:00','2026-11-26T20:42:10.302352+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.82309995579998940229e-05,3.73729999409988522529e-05,1700000000000002,'delivered',NULL,NULL);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a21998-21fe-75e8-815e-8b79084a1088','01a21998-21f1-7f31-8c60-9dd3288f8125','01a21998-21c4-74f0-bf28-0d0d47211f1e',0,'2026-11-26T20:42:10.302372+00:00');
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
INSERT INTO "leases" VALUES('01a21998-21c6-71e8-b1d6-c0a9025872d5',1,NULL,'laptop','boot',9649,0.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'a23bb694f0a198c756f4fbb7dfa10f0d','pid:[4026531836]',2583175);
INSERT INTO "leases" VALUES('01a21998-21f1-7f31-8c60-9dd3288f8125',1,'01a21998-21fe-75e8-815e-8b79084a1088','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'a23bb694f0a198c756f4fbb7dfa10f0d','pid:[4026531836]',2583175);
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
INSERT INTO "living_tasks" VALUES('01a21998-21f1-7f31-8c60-9dd3288f8125','01a21998-21c4-74f0-bf28-0d0d47211f1e',0,'01a21998-21fe-75e8-815e-8b79084a1088','2025-12-24T18:00:00+00:00',0,'a23bb694f0a198c756f4fbb7dfa10f0d','laptop','boot',4242,'pid:[4026531836]',2583175,1.0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a21998-21fe-75e8-815e-8b79084a1088','01a21998-21f1-7f31-8c60-9dd3288f8125','01a21998-21c4-74f0-bf28-0d0d47211f1e',0,'2026-11-26T20:42:10.302372+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX attempts_by_experiment ON attempts (experiment_id, item_id);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
CREATE INDEX journal_by_cell ON journal (server, experiment_id, item_id);
COMMIT;
