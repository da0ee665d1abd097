PRAGMA application_id = 1330664019;
PRAGMA user_version = 1;
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
INSERT INTO "attempts" VALUES('01a2184e-4bdf-754d-ad3d-c124e9c0e4a6','01a2184e-4bd8-7c2e-801e-b5bf9e8bb3e7','01a2184e-4bd6-78d2-8ba6-879f0a5fc8ad',0,'2026-11-26T14:41:54.143540+00:00','2026-11-26T14:41:54.143919+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,7.19760000720270909368e-05,2.05070999982126522809e-04);
INSERT INTO "attempts" VALUES('01a2184e-4be0-75f4-bcc1-685bb327d7a8','01a2184e-4bd8-7c2e-801e-b5bf9e8bb3e7','01a2184e-4bd6-78d2-8ba6-879f0a5fc8ad',1,'2026-11-26T14:41:54.144770+00:00','2026-11-26T14:41:54.145135+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.26195999655465129762e-04,1.76771000042208470404e-04);
INSERT INTO "attempts" VALUES('01a2184e-4be3-7a67-968d-7ddb6f8613bf','01a2184e-4bd8-7c2e-801e-b5bf9e8bb3e7','01a2184e-4bd5-7e35-a719-0a1ebb0e54ec',0,'2026-11-26T14:41:54.147856+00:00','2026-11-26T14:41:54.148124+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.07250002151704393327e-05,1.2481799967645201832e-04);
INSERT INTO "attempts" VALUES('01a2184e-4be4-7572-99dc-7a3f8d6f251d','01a2184e-4bd8-7c2e-801e-b5bf9e8bb3e7','01a2184e-4bd5-7e35-a719-0a1ebb0e54ec',1,'2026-11-26T14:41:54.148440+00:00','2026-11-26T14:41:54.148704+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.7989000449888408184e-05,0.000163214999702177);
INSERT INTO "attempts" VALUES('01a2184e-4be5-7c30-9fb4-723270f9ade0','01a2184e-4bd8-7c2e-801e-b5bf9e8bb3e7','01a2184e-4bd4-75e8-a7a0-c9f2d0749460',0,'2026-11-26T14:41:54.148959+00:00','2026-11-26T14:41:54.149135+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.06700003420701250433e-05,1.15026999992551282048e-04);
INSERT INTO "attempts" VALUES('01a2184e-4be6-70d1-86a7-1ccc72ae281c','01a2184e-4bd8-7c2e-801e-b5bf9e8bb3e7','01a2184e-4bd4-75e8-a7a0-c9f2d0749460',1,'2026-11-26T14:41:54.149336+00:00','2026-11-26T14:41:54.149476+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.4398000530491117388e-05,1.03802999547042418271e-04);
INSERT INTO "attempts" VALUES('01a2184e-4be7-7208-b8ae-de5f4426839d','01a2184e-4bd8-7c2e-801e-b5bf9e8bb3e7','01a2184e-4bd3-7790-9415-751f59edd6f1',0,'2026-11-26T14:41:54.149606+00:00','2026-11-26T14:41:54.149817+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,9.63669999691774137318e-05,8.64599996930337511003e-05);
INSERT INTO "attempts" VALUES('01a2184e-4be8-7ec3-812d-a070a7cb29f2','01a2184e-4bd8-7c2e-801e-b5bf9e8bb3e7','01a2184e-4bd3-7790-9415-751f59edd6f1',1,'2026-11-26T14:41:54.150150+00:00','2026-11-26T14:41:54.150320+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.06209997486439533531e-05,1.08256999737932346761e-04);
INSERT INTO "attempts" VALUES('01a2184e-4bf3-751d-8e6d-af3dac7dbbf3','01a2184e-4bed-7681-af61-39e62df1e7bc','01a2184e-4beb-79f8-8eeb-4be244c262c2',0,'2026-11-26T14:41:54.163416+00:00','2026-11-26T14:41:54.164619+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"RuntimeError: no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 34, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,3.51919998138328082859e-05,1.12763000015547731891e-03);
INSERT INTO "attempts" VALUES('01a2184e-4bf4-74a1-8e08-29ad326d3f9e','01a2184e-4bed-7681-af61-39e62df1e7bc','01a2184e-4bd6-78d2-8ba6-879f0a5fc8ad',0,'2026-11-26T14:41:54.164849+00:00','2026-11-26T14:41:54.164946+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',8.30929993753670714795e-05,NULL);
INSERT INTO "attempts" VALUES('01a2184e-4bf5-77ca-ae45-d95e975c9f92','01a2184e-4bed-7681-af61-39e62df1e7bc','01a2184e-4bd5-7e35-a719-0a1ebb0e54ec',0,'2026-11-26T14:41:54.165603+00:00','2026-11-26T14:41:54.166056+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,9.66259995038854e-05,2.68158999460865743458e-04);
INSERT INTO "attempts" VALUES('01a2184e-4bf6-7b3a-b84b-ae0391314e70','01a2184e-4bed-7681-af61-39e62df1e7bc','01a2184e-4bd4-75e8-a7a0-c9f2d0749460',0,'2026-11-26T14:41:54.166582+00:00','2026-11-26T14:41:54.166918+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,3.28790001731249503791e-05,1.77310999788460321724e-04);
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
INSERT INTO "dataset_items" VALUES('01a2184e-4bd2-7624-b529-fab923be5735','01a2184e-4bd3-7790-9415-751f59edd6f1',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a2184e-4bd2-7624-b529-fab923be5735','01a2184e-4bd4-75e8-a7a0-c9f2d0749460',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a2184e-4bd2-7624-b529-fab923be5735','01a2184e-4bd5-7e35-a719-0a1ebb0e54ec',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a2184e-4bd2-7624-b529-fab923be5735','01a2184e-4bd6-78d2-8ba6-879f0a5fc8ad',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a2184e-4bd2-7624-b529-fab923be5735','01a2184e-4beb-79f8-8eeb-4be244c262c2',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a2184e-4bd7-71f3-963a-c6c760d75f26','01a2184e-4bd2-7624-b529-fab923be5735',1,4,'2026-11-26T14:41:54.132292+00:00');
INSERT INTO "dataset_versions" VALUES('01a2184e-4bec-76a2-9b0b-405d81c393ff','01a2184e-4bd2-7624-b529-fab923be5735',2,5,'2026-11-26T14:41:54.155637+00:00');
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
);
INSERT INTO "datasets" VALUES('01a2184e-4bd2-7624-b529-fab923be5735','questions','what people ask','2026-11-26T14:41:54.130936+00:00');
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
INSERT INTO "experiments" VALUES('01a2184e-4bd8-7c2e-801e-b5bf9e8bb3e7','whole','01a2184e-4bd2-7624-b529-fab923be5735',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric"}]}}',8,'completed','2026-11-26T14:41:54.133663+00:00','2026-11-26T14:41:54.152800+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a2184e-4bed-7681-af61-39e62df1e7bc','broken','01a2184e-4bd2-7624-b529-fab923be5735',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric"},{"name":"judge"}]}}',5,'running','2026-11-26T14:41:54.156307+00:00','2026-11-26T14:41:54.167668+00:00','[]',NULL,NULL,'[]');
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
INSERT INTO "leases" VALUES('01a2184e-4bd8-7c2e-801e-b5bf9e8bb3e7',1,NULL,'laptop','boot',24079,1795704113.62,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0);
INSERT INTO "leases" VALUES('01a2184e-4bed-7681-af61-39e62df1e7bc',1,'01a2184e-4bf7-7851-9689-1f682f37b69a','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a2184e-4bf7-7851-9689-1f682f37b69a','01a2184e-4bed-7681-af61-39e62df1e7bc','01a2184e-4bd3-7790-9415-751f59edd6f1',0,'2026-11-26T14:41:54.167395+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX attempts_by_experiment ON attempts (experiment_id, item_id);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
COMMIT;
