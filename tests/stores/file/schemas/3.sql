PRAGMA application_id = 1330664019;
PRAGMA user_version = 3;
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
INSERT INTO "attempts" VALUES('01a21998-1ece-7385-9fbc-3c942e58c811','01a21998-1ec5-7762-81ab-53a64a1c191a','01a21998-1ec4-712b-b681-0f7820dcc419',0,'2026-11-26T20:42:09.486232+00:00','2026-11-26T20:42:09.487355+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,5.82889988436363637447e-05,9.76868999714497476816e-04);
INSERT INTO "attempts" VALUES('01a21998-1ecf-76b3-b53d-41df10c32bf6','01a21998-1ec5-7762-81ab-53a64a1c191a','01a21998-1ec4-712b-b681-0f7820dcc419',1,'2026-11-26T20:42:09.487427+00:00','2026-11-26T20:42:09.488093+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.33269999828189611434e-05,4.42919990746304392814e-05);
INSERT INTO "attempts" VALUES('01a21998-1ed0-7218-8329-f3cd1aec2622','01a21998-1ec5-7762-81ab-53a64a1c191a','01a21998-1ec4-70f5-aece-d729429ce8d6',0,'2026-11-26T20:42:09.488139+00:00','2026-11-26T20:42:09.488202+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.58359980559907853603e-05,1.99700007215142250061e-05);
INSERT INTO "attempts" VALUES('01a21998-1ed0-7378-9036-671d27c90ddf','01a21998-1ec5-7762-81ab-53a64a1c191a','01a21998-1ec4-70f5-aece-d729429ce8d6',1,'2026-11-26T20:42:09.488220+00:00','2026-11-26T20:42:09.488283+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,8.1830003182403743267e-06,2.86030008282978087663e-05);
INSERT INTO "attempts" VALUES('01a21998-1ed0-74c3-a83b-2f70e48277dd','01a21998-1ec5-7762-81ab-53a64a1c191a','01a21998-1ec4-70d6-91e1-4e1ad7c3ea39',0,'2026-11-26T20:42:09.488301+00:00','2026-11-26T20:42:09.488348+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,8.20199784357100725173e-06,1.54779991135001182556e-05);
INSERT INTO "attempts" VALUES('01a21998-1ed0-75da-8034-1ada1ea7c83f','01a21998-1ec5-7762-81ab-53a64a1c191a','01a21998-1ec4-70d6-91e1-4e1ad7c3ea39',1,'2026-11-26T20:42:09.488369+00:00','2026-11-26T20:42:09.488416+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,6.87400097376667e-06,2.15580002986826e-05);
INSERT INTO "attempts" VALUES('01a21998-1ed0-76e2-8edc-3caa40aeedfe','01a21998-1ec5-7762-81ab-53a64a1c191a','01a21998-1ec4-7067-98e5-e4d8c8bfbbc2',0,'2026-11-26T20:42:09.488433+00:00','2026-11-26T20:42:09.488634+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,9.29800080484710633754e-06,2.20649999391753226518e-05);
INSERT INTO "attempts" VALUES('01a21998-1ed0-7a70-9aa7-af21d0006f20','01a21998-1ec5-7762-81ab-53a64a1c191a','01a21998-1ec4-7067-98e5-e4d8c8bfbbc2',1,'2026-11-26T20:42:09.488656+00:00','2026-11-26T20:42:09.488736+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.21650009532459080219e-05,2.00609974854160100221e-05);
INSERT INTO "attempts" VALUES('01a21998-1ee3-765e-8b6e-52901a69a5df','01a21998-1ee1-7656-b6ec-1bba87f27b4a','01a21998-1ee0-77b7-8ef5-0e2411ebfe6f',0,'2026-11-26T20:42:09.507408+00:00','2026-11-26T20:42:09.508349+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,3.29700014845002442598e-05,8.21538000309374183416e-04);
INSERT INTO "attempts" VALUES('01a21998-1ee4-7669-b65b-a82c7a7f6eb3','01a21998-1ee1-7656-b6ec-1bba87f27b4a','01a21998-1ec4-712b-b681-0f7820dcc419',0,'2026-11-26T20:42:09.508408+00:00','2026-11-26T20:42:09.508687+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',1.01010009530000388622e-05,NULL);
INSERT INTO "attempts" VALUES('01a21998-1ee4-7d81-974a-5fec148fe3df','01a21998-1ee1-7656-b6ec-1bba87f27b4a','01a21998-1ec4-70f5-aece-d729429ce8d6',0,'2026-11-26T20:42:09.508850+00:00','2026-11-26T20:42:09.509002+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.48340004670899361371e-05,9.51440015342086553573e-05);
INSERT INTO "attempts" VALUES('01a21998-1ee5-7044-82d7-849a9025b26c','01a21998-1ee1-7656-b6ec-1bba87f27b4a','01a21998-1ec4-70d6-91e1-4e1ad7c3ea39',0,'2026-11-26T20:42:09.509021+00:00','2026-11-26T20:42:09.509095+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.33780013129580765962e-05,2.21829977817833423614e-05);
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
INSERT INTO "dataset_items" VALUES('01a21998-1ec3-7228-a1e7-ec0d2741b9d5','01a21998-1ec4-7067-98e5-e4d8c8bfbbc2',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a21998-1ec3-7228-a1e7-ec0d2741b9d5','01a21998-1ec4-70d6-91e1-4e1ad7c3ea39',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a21998-1ec3-7228-a1e7-ec0d2741b9d5','01a21998-1ec4-70f5-aece-d729429ce8d6',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a21998-1ec3-7228-a1e7-ec0d2741b9d5','01a21998-1ec4-712b-b681-0f7820dcc419',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a21998-1ec3-7228-a1e7-ec0d2741b9d5','01a21998-1ee0-77b7-8ef5-0e2411ebfe6f',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a21998-1ec4-76f2-8d6f-d7ab85c207c5','01a21998-1ec3-7228-a1e7-ec0d2741b9d5',1,4,'2026-11-26T20:42:09.476443+00:00');
INSERT INTO "dataset_versions" VALUES('01a21998-1ee0-7acf-a1f0-0f5593f454b7','01a21998-1ec3-7228-a1e7-ec0d2741b9d5',2,5,'2026-11-26T20:42:09.504683+00:00');
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
);
INSERT INTO "datasets" VALUES('01a21998-1ec3-7228-a1e7-ec0d2741b9d5','questions','what people ask','2026-11-26T20:42:09.475231+00:00');
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
INSERT INTO "experiments" VALUES('01a21998-1ec5-7762-81ab-53a64a1c191a','whole','01a21998-1ec3-7228-a1e7-ec0d2741b9d5',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric"}]}}',8,'completed','2026-11-26T20:42:09.477228+00:00','2026-11-26T20:42:09.500403+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a21998-1ee1-7656-b6ec-1bba87f27b4a','broken','01a21998-1ec3-7228-a1e7-ec0d2741b9d5',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric"},{"name":"judge"}]}}',5,'running','2026-11-26T20:42:09.505328+00:00','2026-11-26T20:42:09.509818+00:00','[]',NULL,NULL,'[]');
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
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-1ee3-765e-8b6e-52901a69a5df','01a21998-1ee1-7656-b6ec-1bba87f27b4a','01a21998-1ee0-77b7-8ef5-0e2411ebfe6f',0,'2026-11-26T20:42:09.507408+00:00','2026-11-26T20:42:09.508349+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,3.29700014845002442598e-05,8.21538000309374183416e-04,1700000000000000,'waiting',NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-1ee4-7d81-974a-5fec148fe3df','01a21998-1ee1-7656-b6ec-1bba87f27b4a','01a21998-1ec4-70f5-aece-d729429ce8d6',0,'2026-11-26T20:42:09.508850+00:00','2026-11-26T20:42:09.509002+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.48340004670899361371e-05,9.51440015342086553573e-05,1700000000000001,'refused','too large');
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a21998-1ee5-7044-82d7-849a9025b26c','01a21998-1ee1-7656-b6ec-1bba87f27b4a','01a21998-1ec4-70d6-91e1-4e1ad7c3ea39',0,'2026-11-26T20:42:09.509021+00:00','2026-11-26T20:42:09.509095+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.33780013129580765962e-05,2.21829977817833423614e-05,1700000000000002,'delivered',NULL);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a21998-1ee5-71d2-99e9-2e4043c912b0','01a21998-1ee1-7656-b6ec-1bba87f27b4a','01a21998-1ec4-7067-98e5-e4d8c8bfbbc2',0,'2026-11-26T20:42:09.509117+00:00');
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
INSERT INTO "leases" VALUES('01a21998-1ec5-7762-81ab-53a64a1c191a',1,NULL,'laptop','boot',9595,1795725728.96,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0);
INSERT INTO "leases" VALUES('01a21998-1ee1-7656-b6ec-1bba87f27b4a',1,'01a21998-1ee5-71d2-99e9-2e4043c912b0','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a21998-1ee5-71d2-99e9-2e4043c912b0','01a21998-1ee1-7656-b6ec-1bba87f27b4a','01a21998-1ec4-7067-98e5-e4d8c8bfbbc2',0,'2026-11-26T20:42:09.509117+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX attempts_by_experiment ON attempts (experiment_id, item_id);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_by_experiment ON journal (server, experiment_id);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
COMMIT;
