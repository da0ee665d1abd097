PRAGMA application_id = 1330664019;
PRAGMA user_version = 2;
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
INSERT INTO "attempts" VALUES('01a2184e-4d67-7550-ba38-6b20c95e7284','01a2184e-4d5d-7909-a896-8184f8e70152','01a2184e-4d5b-7478-af1f-9cd713b10254',0,'2026-11-26T14:41:54.535345+00:00','2026-11-26T14:41:54.535841+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,6.75119999868911691009e-05,1.81762000465823803097e-04);
INSERT INTO "attempts" VALUES('01a2184e-4d67-7ea1-b79f-e069cb5bec67','01a2184e-4d5d-7909-a896-8184f8e70152','01a2184e-4d5b-7478-af1f-9cd713b10254',1,'2026-11-26T14:41:54.535920+00:00','2026-11-26T14:41:54.535975+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.63289996635285206139e-05,2.00060003407998e-05);
INSERT INTO "attempts" VALUES('01a2184e-4d67-7fdb-ab93-0eba809757b9','01a2184e-4d5d-7909-a896-8184f8e70152','01a2184e-4d5b-745b-8b28-87c2327fe229',0,'2026-11-26T14:41:54.535999+00:00','2026-11-26T14:41:54.536041+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,9.13399981072871e-06,1.79899998329347e-05);
INSERT INTO "attempts" VALUES('01a2184e-4d68-70fc-b1ac-56872c0de551','01a2184e-4d5d-7909-a896-8184f8e70152','01a2184e-4d5b-745b-8b28-87c2327fe229',1,'2026-11-26T14:41:54.536065+00:00','2026-11-26T14:41:54.536120+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.10239998321048915386e-05,3.0469999728666152805e-05);
INSERT INTO "attempts" VALUES('01a2184e-4d68-722e-bfb7-569d02f58596','01a2184e-4d5d-7909-a896-8184f8e70152','01a2184e-4d5b-741d-88d9-0c91b6211715',0,'2026-11-26T14:41:54.536140+00:00','2026-11-26T14:41:54.536183+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,6.92599951435113325715e-06,2.58219997704145498573e-05);
INSERT INTO "attempts" VALUES('01a2184e-4d68-7329-825b-00f8381500a6','01a2184e-4d5d-7909-a896-8184f8e70152','01a2184e-4d5b-741d-88d9-0c91b6211715',1,'2026-11-26T14:41:54.536201+00:00','2026-11-26T14:41:54.536244+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,8.70999974722508341073e-06,1.70260000231792218983e-05);
INSERT INTO "attempts" VALUES('01a2184e-4d68-7435-90fe-498bb78e167d','01a2184e-4d5d-7909-a896-8184f8e70152','01a2184e-4d5b-73aa-85df-1c3391226bae',0,'2026-11-26T14:41:54.536266+00:00','2026-11-26T14:41:54.536307+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,7.09599953552242368459e-06,2.24960003833984956145e-05);
INSERT INTO "attempts" VALUES('01a2184e-4d68-7538-9834-1a7fb0f89eb8','01a2184e-4d5d-7909-a896-8184f8e70152','01a2184e-4d5b-73aa-85df-1c3391226bae',1,'2026-11-26T14:41:54.536330+00:00','2026-11-26T14:41:54.536387+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,9.90699936664896085858e-06,2.69910005954443477094e-05);
INSERT INTO "attempts" VALUES('01a2184e-4d8b-78a8-ad92-8175ae4364a7','01a2184e-4d84-7749-97b2-7585dc34b015','01a2184e-4d83-755e-ab46-547d7e4369c4',0,'2026-11-26T14:41:54.571556+00:00','2026-11-26T14:41:54.572802+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 34, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,5.08779994561336934566e-05,1.04156399993371451273e-03);
INSERT INTO "attempts" VALUES('01a2184e-4d8c-7d97-a6bd-9154cedf6163','01a2184e-4d84-7749-97b2-7585dc34b015','01a2184e-4d5b-7478-af1f-9cd713b10254',0,'2026-11-26T14:41:54.572857+00:00','2026-11-26T14:41:54.572893+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',9.4249999165185727179e-06,NULL);
INSERT INTO "attempts" VALUES('01a2184e-4d8d-7048-af3a-adfc6da33684','01a2184e-4d84-7749-97b2-7585dc34b015','01a2184e-4d5b-745b-8b28-87c2327fe229',0,'2026-11-26T14:41:54.573022+00:00','2026-11-26T14:41:54.573105+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.94470003407332114875e-05,4.57859996458864770829e-05);
INSERT INTO "attempts" VALUES('01a2184e-4d8d-71f0-ad28-3d5b7ce8fedb','01a2184e-4d84-7749-97b2-7585dc34b015','01a2184e-4d5b-741d-88d9-0c91b6211715',0,'2026-11-26T14:41:54.573125+00:00','2026-11-26T14:41:54.573173+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.58359998749801889061e-05,2.15410000237170606851e-05);
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
INSERT INTO "dataset_items" VALUES('01a2184e-4d57-74e7-a120-a1ce83db8283','01a2184e-4d5b-73aa-85df-1c3391226bae',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a2184e-4d57-74e7-a120-a1ce83db8283','01a2184e-4d5b-741d-88d9-0c91b6211715',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a2184e-4d57-74e7-a120-a1ce83db8283','01a2184e-4d5b-745b-8b28-87c2327fe229',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a2184e-4d57-74e7-a120-a1ce83db8283','01a2184e-4d5b-7478-af1f-9cd713b10254',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a2184e-4d57-74e7-a120-a1ce83db8283','01a2184e-4d83-755e-ab46-547d7e4369c4',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a2184e-4d5c-703b-8175-ffd9bf0d5985','01a2184e-4d57-74e7-a120-a1ce83db8283',1,4,'2026-11-26T14:41:54.524026+00:00');
INSERT INTO "dataset_versions" VALUES('01a2184e-4d83-7832-b6cb-4bdbcea43c86','01a2184e-4d57-74e7-a120-a1ce83db8283',2,5,'2026-11-26T14:41:54.563523+00:00');
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
);
INSERT INTO "datasets" VALUES('01a2184e-4d57-74e7-a120-a1ce83db8283','questions','what people ask','2026-11-26T14:41:54.519335+00:00');
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
INSERT INTO "experiments" VALUES('01a2184e-4d5d-7909-a896-8184f8e70152','whole','01a2184e-4d57-74e7-a120-a1ce83db8283',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric"}]}}',8,'completed','2026-11-26T14:41:54.525424+00:00','2026-11-26T14:41:54.561299+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a2184e-4d84-7749-97b2-7585dc34b015','broken','01a2184e-4d57-74e7-a120-a1ce83db8283',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric"},{"name":"judge"}]}}',5,'running','2026-11-26T14:41:54.564327+00:00','2026-11-26T14:41:54.573518+00:00','[]',NULL,NULL,'[]');
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
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a2184e-4d8b-78a8-ad92-8175ae4364a7','01a2184e-4d84-7749-97b2-7585dc34b015','01a2184e-4d83-755e-ab46-547d7e4369c4',0,'2026-11-26T14:41:54.571556+00:00','2026-11-26T14:41:54.572802+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 34, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,5.08779994561336934566e-05,1.04156399993371451273e-03,1700000000000000,'waiting',NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a2184e-4d8d-7048-af3a-adfc6da33684','01a2184e-4d84-7749-97b2-7585dc34b015','01a2184e-4d5b-745b-8b28-87c2327fe229',0,'2026-11-26T14:41:54.573022+00:00','2026-11-26T14:41:54.573105+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.94470003407332114875e-05,4.57859996458864770829e-05,1700000000000001,'refused','too large');
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a2184e-4d8d-71f0-ad28-3d5b7ce8fedb','01a2184e-4d84-7749-97b2-7585dc34b015','01a2184e-4d5b-741d-88d9-0c91b6211715',0,'2026-11-26T14:41:54.573125+00:00','2026-11-26T14:41:54.573173+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.58359998749801889061e-05,2.15410000237170606851e-05,1700000000000002,'delivered',NULL);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a2184e-4d8d-7321-9142-e6226ceb17ec','01a2184e-4d84-7749-97b2-7585dc34b015','01a2184e-4d5b-73aa-85df-1c3391226bae',0,'2026-11-26T14:41:54.573200+00:00');
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
INSERT INTO "leases" VALUES('01a2184e-4d5d-7909-a896-8184f8e70152',1,NULL,'laptop','boot',24097,1795704114.02,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0);
INSERT INTO "leases" VALUES('01a2184e-4d84-7749-97b2-7585dc34b015',1,'01a2184e-4d8d-7321-9142-e6226ceb17ec','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a2184e-4d8d-7321-9142-e6226ceb17ec','01a2184e-4d84-7749-97b2-7585dc34b015','01a2184e-4d5b-73aa-85df-1c3391226bae',0,'2026-11-26T14:41:54.573200+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX attempts_by_experiment ON attempts (experiment_id, item_id);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_by_experiment ON journal (server, experiment_id);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
COMMIT;
