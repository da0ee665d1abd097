PRAGMA application_id = 1330664019;
PRAGMA user_version = 10;
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
, notes TEXT, scored_by TEXT, missing_metrics TEXT, seconds REAL, failed_metrics TEXT, version TEXT);
INSERT INTO "attempts" VALUES('01a219d7-5ead-76ae-a959-088a49716d86','01a219d7-5ea7-7eae-9f5c-bdb03729d04f','01a219d7-5ea0-7a7c-978f-eb4d6b80d704',0,'2026-11-26T21:51:14.605428+00:00','2026-11-26T21:51:14.605689+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,6.21290018898435e-05,9.38720004342030733823e-05,NULL,'["equals_metric"]',NULL,0.000261,NULL,'afaf50a6-aa62d6c5');
INSERT INTO "attempts" VALUES('01a219d7-5ead-7eb3-a78d-0e7a754db275','01a219d7-5ea7-7eae-9f5c-bdb03729d04f','01a219d7-5ea0-7a5c-9425-b88cf4b79745',1,'2026-11-26T21:51:14.605925+00:00','2026-11-26T21:51:14.606030+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.86659999599214643239e-05,3.83780025003943592309e-05,NULL,'["equals_metric"]',NULL,0.000105,NULL,'afaf50a6-aa62d6c5');
INSERT INTO "attempts" VALUES('01a219d7-5eae-7479-b5af-d5e7fdb85bfe','01a219d7-5ea7-7eae-9f5c-bdb03729d04f','01a219d7-5ea0-7a32-9d1e-972b04287bb5',1,'2026-11-26T21:51:14.606298+00:00','2026-11-26T21:51:14.606845+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,5.52780002180952578783e-05,1.88984999113017693161e-04,NULL,'["equals_metric"]',NULL,0.000547,NULL,'afaf50a6-aa62d6c5');
INSERT INTO "attempts" VALUES('01a219d7-5eae-7ef7-b594-d6ffb90b3037','01a219d7-5ea7-7eae-9f5c-bdb03729d04f','01a219d7-5ea0-7a5c-9425-b88cf4b79745',0,'2026-11-26T21:51:14.606946+00:00','2026-11-26T21:51:14.607196+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.93220002984162420034e-05,5.48900025023613125085e-05,NULL,'["equals_metric"]',NULL,0.00025,NULL,'afaf50a6-aa62d6c5');
INSERT INTO "attempts" VALUES('01a219d7-5eaf-7e6e-9519-4d41daf6c741','01a219d7-5ea7-7eae-9f5c-bdb03729d04f','01a219d7-5ea0-7a7c-978f-eb4d6b80d704',1,'2026-11-26T21:51:14.607914+00:00','2026-11-26T21:51:14.608059+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.96960024570580571889e-05,4.3831998482346534729e-05,NULL,'["equals_metric"]',NULL,0.000145,NULL,'afaf50a6-aa62d6c5');
INSERT INTO "attempts" VALUES('01a219d7-5eae-70ed-ba63-5bd7e45c3274','01a219d7-5ea7-7eae-9f5c-bdb03729d04f','01a219d7-5ea0-7a32-9d1e-972b04287bb5',0,'2026-11-26T21:51:14.606061+00:00','2026-11-26T21:51:14.608822+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.25270011671818792819e-05,4.50100014859344810247e-05,NULL,'["equals_metric"]',NULL,0.002761,NULL,'afaf50a6-aa62d6c5');
INSERT INTO "attempts" VALUES('01a219d7-5eb3-70b5-a511-f59affa6124f','01a219d7-5ea7-7eae-9f5c-bdb03729d04f','01a219d7-5ea0-79b0-8788-2cb2564e0a9f',1,'2026-11-26T21:51:14.611056+00:00','2026-11-26T21:51:14.611241+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.26939989463426172733e-05,4.87059987790416926145e-05,NULL,'["equals_metric"]',NULL,0.000185,NULL,'afaf50a6-aa62d6c5');
INSERT INTO "attempts" VALUES('01a219d7-5eb3-7898-911a-6c69da7b3b9d','01a219d7-5ea7-7eae-9f5c-bdb03729d04f','01a219d7-5ea0-79b0-8788-2cb2564e0a9f',0,'2026-11-26T21:51:14.611543+00:00','2026-11-26T21:51:14.611659+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,1.34749971039127558469e-05,4.24200006818864494562e-05,NULL,'["equals_metric"]',NULL,0.000116,NULL,'afaf50a6-aa62d6c5');
INSERT INTO "attempts" VALUES('01a219d7-5ec9-7094-8c7d-ab3fab631ee9','01a219d7-5ec5-75be-8383-8c7b655799cb','01a219d7-5ebd-7dd5-8da3-3fc64cdbcb38',0,'2026-11-26T21:51:14.633046+00:00','2026-11-26T21:51:14.633721+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,1.13264002720825374126e-04,4.39322000602260231971e-04,NULL,'["equals_metric","judge"]',NULL,0.000675,'["judge"]','a0914838-a185cf07');
INSERT INTO "attempts" VALUES('01a219d7-5eca-735e-8cd4-9dff5e93acca','01a219d7-5ec5-75be-8383-8c7b655799cb','01a219d7-5ea0-7a7c-978f-eb4d6b80d704',0,'2026-11-26T21:51:14.634224+00:00','2026-11-26T21:51:14.634552+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',2.20116999116726219654e-04,NULL,NULL,NULL,NULL,0.000328,NULL,'a0914838-a185cf07');
INSERT INTO "attempts" VALUES('01a219d7-5ecb-719f-b793-bcbbf408950f','01a219d7-5ec5-75be-8383-8c7b655799cb','01a219d7-5ea0-7a5c-9425-b88cf4b79745',0,'2026-11-26T21:51:14.635108+00:00','2026-11-26T21:51:14.635783+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,6.06070025241933763027e-05,0.000545523998880526,NULL,'["equals_metric","judge"]',NULL,0.000675,NULL,'a0914838-a185cf07');
INSERT INTO "attempts" VALUES('01a219d7-5ecb-7da7-a9ca-0d256349c627','01a219d7-5ec5-75be-8383-8c7b655799cb','01a219d7-5ea0-7a32-9d1e-972b04287bb5',0,'2026-11-26T21:51:14.635859+00:00','2026-11-26T21:51:14.636419+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.09014000574825331568e-04,1.5162599811446852982e-04,NULL,'["equals_metric","judge"]',NULL,0.00056,NULL,'a0914838-a185cf07');
CREATE TABLE callables (
    server TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    version TEXT NOT NULL,
    made_of TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    PRIMARY KEY (server, experiment_id, version)
);
INSERT INTO "callables" VALUES('','01a219d7-5ea7-7eae-9f5c-bdb03729d04f','afaf50a6-aa62d6c5','{"task":{"name":"copied","parts":{"source of copied":["d40e4d94dfecfc10","def copied(item: dict[str, Any]) -> dict[str, Any]:\n    return {\"output\": item[\"reference\"]}"]}},"metrics":{"equals_metric":{"name":"Equals","parts":{"class of Equals":["f939ae3d30c69e33","opik_resume.metrics.text.Equals"],"name of Equals":["7d4946f36718a794","''equals_metric''"],"track of Equals":["3cbc87c7681f34db","True"],"project_name of Equals":["dc937b59892604f5","None"],"_case_sensitive of Equals":["60a33e6cf5151f2d","False"]}}}}','2026-11-26T21:51:14.603469+00:00');
INSERT INTO "callables" VALUES('','01a219d7-5ec5-75be-8383-8c7b655799cb','a0914838-a185cf07','{"task":{"name":"task","parts":{"source of task":["d6f046b393856ca3","def task(item: dict[str, Any]) -> dict[str, Any]:\n    if item[\"n\"] == 3:\n        raise RuntimeError(\"no answer\")\n    return {\"output\": str(item[\"n\"]), \"more\": {\"ümlaut\": [1, None, True]}}"]}},"metrics":{"equals_metric":{"name":"Equals","parts":{"class of Equals":["f939ae3d30c69e33","opik_resume.metrics.text.Equals"],"name of Equals":["7d4946f36718a794","''equals_metric''"],"track of Equals":["3cbc87c7681f34db","True"],"project_name of Equals":["dc937b59892604f5","None"],"_case_sensitive of Equals":["60a33e6cf5151f2d","False"]}},"judge":{"name":"Judge","parts":{"source of Judge.__init__":["c74411f30a71757a","    def __init__(self) -> None:\n        super().__init__(\"judge\")"],"source of Judge.score":["95f7cb370ac0f1dd","    def score(self, output: str, **_: Any) -> ScoreResult:\n        if output == \"4\":\n            raise RuntimeError(\"no verdict\")\n        return ScoreResult(\"judge\", 0.5, reason=\"so so — “naïve”\")"],"class of Judge":["aed6fc7b38a3b6ae","__main__.Judge"],"name of Judge":["554c5b8467464b8f","''judge''"],"track of Judge":["3cbc87c7681f34db","True"],"project_name of Judge":["dc937b59892604f5","None"]}}}}','2026-11-26T21:51:14.632057+00:00');
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
INSERT INTO "dataset_items" VALUES('01a219d7-5e9f-707b-8614-e34ca2de3833','01a219d7-5ea0-79b0-8788-2cb2564e0a9f',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a219d7-5e9f-707b-8614-e34ca2de3833','01a219d7-5ea0-7a32-9d1e-972b04287bb5',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a219d7-5e9f-707b-8614-e34ca2de3833','01a219d7-5ea0-7a5c-9425-b88cf4b79745',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a219d7-5e9f-707b-8614-e34ca2de3833','01a219d7-5ea0-7a7c-978f-eb4d6b80d704',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a219d7-5e9f-707b-8614-e34ca2de3833','01a219d7-5ebd-7dd5-8da3-3fc64cdbcb38',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL, items_added INTEGER NOT NULL DEFAULT 0, items_modified INTEGER NOT NULL DEFAULT 0, items_deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a219d7-5ea1-779b-a94d-01ac9a5c2313','01a219d7-5e9f-707b-8614-e34ca2de3833',1,4,'2026-11-26T21:51:14.593487+00:00',4,0,0);
INSERT INTO "dataset_versions" VALUES('01a219d7-5ebe-7d9f-885b-650b12800f75','01a219d7-5e9f-707b-8614-e34ca2de3833',2,5,'2026-11-26T21:51:14.622863+00:00',1,0,0);
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
, project_name TEXT, deleted_name TEXT);
INSERT INTO "datasets" VALUES('01a219d7-5e9f-707b-8614-e34ca2de3833','questions','what people ask','2026-11-26T21:51:14.591049+00:00',NULL,NULL);
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
INSERT INTO "experiments" VALUES('01a219d7-5ea7-7eae-9f5c-bdb03729d04f','whole','01a219d7-5e9f-707b-8614-e34ca2de3833',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric","mark":"a042b37c"}],"threads":16,"task_mark":"afaf50a6"}}',8,'completed','2026-11-26T21:51:14.599559+00:00','2026-11-26T21:51:14.615800+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a219d7-5ec5-75be-8383-8c7b655799cb','broken','01a219d7-5e9f-707b-8614-e34ca2de3833',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric","mark":"a042b37c"},{"name":"judge","mark":"ad27d440"}],"threads":1,"task_mark":"a0914838"}}',5,'running','2026-11-26T21:51:14.629211+00:00','2026-11-26T21:51:14.638372+00:00','[]',NULL,NULL,'[]');
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
    problem TEXT, notes TEXT, scored_by TEXT, missing_metrics TEXT, steps TEXT, version TEXT,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a219d7-5ec9-7094-8c7d-ab3fab631ee9','01a219d7-5ec5-75be-8383-8c7b655799cb','01a219d7-5ebd-7dd5-8da3-3fc64cdbcb38',0,'2026-11-26T21:51:14.633046+00:00','2026-11-26T21:51:14.633721+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,1.13264002720825374126e-04,4.39322000602260231971e-04,1700000000000000,'waiting',NULL,NULL,'["equals_metric","judge"]',NULL,NULL,'a0914838-a185cf07');
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a219d7-5ecb-719f-b793-bcbbf408950f','01a219d7-5ec5-75be-8383-8c7b655799cb','01a219d7-5ea0-7a5c-9425-b88cf4b79745',0,'2026-11-26T21:51:14.635108+00:00','2026-11-26T21:51:14.635783+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,6.06070025241933763027e-05,0.000545523998880526,1700000000000001,'refused','too large',NULL,'["equals_metric","judge"]',NULL,NULL,'a0914838-a185cf07');
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a219d7-5ecb-7da7-a9ca-0d256349c627','01a219d7-5ec5-75be-8383-8c7b655799cb','01a219d7-5ea0-7a32-9d1e-972b04287bb5',0,'2026-11-26T21:51:14.635859+00:00','2026-11-26T21:51:14.636419+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.09014000574825331568e-04,1.5162599811446852982e-04,1700000000000002,'delivered',NULL,NULL,'["equals_metric","judge"]',NULL,NULL,'a0914838-a185cf07');
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a219d7-5ecc-7974-aaae-ace8483be4f1','01a219d7-5ec5-75be-8383-8c7b655799cb','01a219d7-5ea0-79b0-8788-2cb2564e0a9f',0,'2026-11-26T21:51:14.636596+00:00');
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
INSERT INTO "leases" VALUES('01a219d7-5ea7-7eae-9f5c-bdb03729d04f',1,NULL,'laptop','boot',15875,0.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'897db4c97b3efe132a7f3530fbbe90cf','pid:[4026531836]',2997606);
INSERT INTO "leases" VALUES('01a219d7-5ec5-75be-8383-8c7b655799cb',1,'01a219d7-5ecc-7974-aaae-ace8483be4f1','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'897db4c97b3efe132a7f3530fbbe90cf','pid:[4026531836]',2997606);
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
INSERT INTO "living_tasks" VALUES('01a219d7-5ec5-75be-8383-8c7b655799cb','01a219d7-5ea0-79b0-8788-2cb2564e0a9f',0,'01a219d7-5ecc-7974-aaae-ace8483be4f1','2025-12-24T18:00:00+00:00',0,'897db4c97b3efe132a7f3530fbbe90cf','laptop','boot',4242,'pid:[4026531836]',2997606,1.0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a219d7-5ecc-7974-aaae-ace8483be4f1','01a219d7-5ec5-75be-8383-8c7b655799cb','01a219d7-5ea0-79b0-8788-2cb2564e0a9f',0,'2026-11-26T21:51:14.636596+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
CREATE INDEX journal_by_cell ON journal (server, experiment_id, item_id);
CREATE INDEX dataset_items_by_id ON dataset_items (dataset_id, id, added_in, removed_in, runs_per_item);
CREATE INDEX attempts_by_cell ON attempts (
    experiment_id, item_id, id, trial, complete, returned, seconds, error_type, failed_metrics, missing_metrics, scored_by,
    version
);
COMMIT;
