PRAGMA application_id = 1330664019;
PRAGMA user_version = 12;
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
, notes TEXT, scored_by TEXT, missing_metrics TEXT, seconds REAL, failed_metrics TEXT, version TEXT, cost REAL, began REAL, prints TEXT);
INSERT INTO "attempts" VALUES('01a219d7-62be-7bf4-9762-fa09df1f9b5d','01a219d7-62b7-7a2c-8b41-1de41a5310f3','01a219d7-62ad-74f6-8f11-cc9c21c3b68c',0,'2026-11-26T21:51:15.646765+00:00','2026-11-26T21:51:15.647367+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.43971000600140541791e-04,1.19925000035436823964e-04,NULL,'["equals_metric"]',NULL,0.000602,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987564676499368e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62c2-7102-a4f3-40aa767e4eba','01a219d7-62b7-7a2c-8b41-1de41a5310f3','01a219d7-62ad-74d8-bbfe-6f55c35c8e74',0,'2026-11-26T21:51:15.650077+00:00','2026-11-26T21:51:15.650357+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.70449995191302150487e-05,6.46360022074077278375e-05,NULL,'["equals_metric"]',NULL,0.00028,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987565007710459e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62c3-7258-bcfa-979ba97a7dc5','01a219d7-62b7-7a2c-8b41-1de41a5310f3','01a219d7-62ad-74f6-8f11-cc9c21c3b68c',1,'2026-11-26T21:51:15.651159+00:00','2026-11-26T21:51:15.651362+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.43239992414601147174e-05,6.17610021436121314764e-05,NULL,'["equals_metric"]',NULL,0.000203,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987565115904803e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62c3-7c35-8df9-db00496f9189','01a219d7-62b7-7a2c-8b41-1de41a5310f3','01a219d7-62ad-743d-b33d-0153ea1c9d6c',0,'2026-11-26T21:51:15.651775+00:00','2026-11-26T21:51:15.651982+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.74880003416910767555e-05,5.53229983779601752758e-05,NULL,'["equals_metric"]',NULL,0.000207,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987565177488332e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62c1-7f2f-81d9-d9c950b9343f','01a219d7-62b7-7a2c-8b41-1de41a5310f3','01a219d7-62ad-74ad-8e23-fc4a8c854655',1,'2026-11-26T21:51:15.649966+00:00','2026-11-26T21:51:15.650738+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,5.78930012125056236982e-05,9.88150022749323397874e-05,NULL,'["equals_metric"]',NULL,0.000772,NULL,'afaf50a6-aa62d6c5',NULL,1.7957298756499660015e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62c5-7c05-a4d2-cfa02068d27a','01a219d7-62b7-7a2c-8b41-1de41a5310f3','01a219d7-62ad-74ad-8e23-fc4a8c854655',0,'2026-11-26T21:51:15.653769+00:00','2026-11-26T21:51:15.654041+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.31300031777936965227e-05,8.79280014487449079751e-05,NULL,'["equals_metric"]',NULL,0.000272,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987565376901626e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62c3-77de-b1d3-a79f6d677bf0','01a219d7-62b7-7a2c-8b41-1de41a5310f3','01a219d7-62ad-74d8-bbfe-6f55c35c8e74',1,'2026-11-26T21:51:15.651501+00:00','2026-11-26T21:51:15.651699+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.96040016110055148601e-05,4.83029980387073e-05,NULL,'["equals_metric"]',NULL,0.000198,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987565150094034e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62c4-79e9-8c7a-f0f86ad4d1be','01a219d7-62b7-7a2c-8b41-1de41a5310f3','01a219d7-62ad-743d-b33d-0153ea1c9d6c',1,'2026-11-26T21:51:15.652628+00:00','2026-11-26T21:51:15.653039+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.39449982473161071538e-05,5.22400005138479173183e-05,NULL,'["equals_metric"]',NULL,0.000411,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987565262794495e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62dd-70b1-83ca-ea0a63eb0e6e','01a219d7-62d8-79f7-9761-b55618c8cebf','01a219d7-62cf-7224-999e-821949fe95d3',0,'2026-11-26T21:51:15.677054+00:00','2026-11-26T21:51:15.678089+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,1.68135000421898439526e-04,7.12830002157716080546e-04,NULL,'["equals_metric","judge"]',NULL,0.001035,'["judge"]','a0914838-a185cf07',NULL,1.79572987567705392832e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62df-7155-830d-fecb7d506371','01a219d7-62d8-79f7-9761-b55618c8cebf','01a219d7-62ad-74f6-8f11-cc9c21c3b68c',0,'2026-11-26T21:51:15.679101+00:00','2026-11-26T21:51:15.679319+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',1.07826999737881124019e-04,NULL,NULL,NULL,NULL,0.000218,NULL,'a0914838-a185cf07',NULL,1.79572987567910099032e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62df-7d7e-8277-8a592f42903f','01a219d7-62d8-79f7-9761-b55618c8cebf','01a219d7-62ad-74d8-bbfe-6f55c35c8e74',0,'2026-11-26T21:51:15.679853+00:00','2026-11-26T21:51:15.681112+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.75193003087770193815e-04,1.00082700009807012975e-03,NULL,'["equals_metric","judge"]',NULL,0.001259,NULL,'a0914838-a185cf07',NULL,1.79572987567985296246e+09,NULL);
INSERT INTO "attempts" VALUES('01a219d7-62e1-7682-9359-484981c90418','01a219d7-62d8-79f7-9761-b55618c8cebf','01a219d7-62ad-74ad-8e23-fc4a8c854655',0,'2026-11-26T21:51:15.681418+00:00','2026-11-26T21:51:15.682594+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.05702999664936214685e-04,8.61501997860614210367e-04,NULL,'["equals_metric","judge"]',NULL,0.001176,NULL,'a0914838-a185cf07',NULL,1.79572987568141794207e+09,NULL);
CREATE TABLE callables (
    server TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    version TEXT NOT NULL,
    made_of TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    PRIMARY KEY (server, experiment_id, version)
);
INSERT INTO "callables" VALUES('','01a219d7-62b7-7a2c-8b41-1de41a5310f3','afaf50a6-aa62d6c5','{"task":{"name":"copied","parts":{"source of copied":["d40e4d94dfecfc10","def copied(item: dict[str, Any]) -> dict[str, Any]:\n    return {\"output\": item[\"reference\"]}"]}},"metrics":{"equals_metric":{"name":"Equals","parts":{"class of Equals":["f939ae3d30c69e33","opik_resume.metrics.text.Equals"],"name of Equals":["7d4946f36718a794","''equals_metric''"],"track of Equals":["3cbc87c7681f34db","True"],"project_name of Equals":["dc937b59892604f5","None"],"_case_sensitive of Equals":["60a33e6cf5151f2d","False"]}}}}','2026-11-26T21:51:15.644286+00:00');
INSERT INTO "callables" VALUES('','01a219d7-62d8-79f7-9761-b55618c8cebf','a0914838-a185cf07','{"task":{"name":"task","parts":{"source of task":["d6f046b393856ca3","def task(item: dict[str, Any]) -> dict[str, Any]:\n    if item[\"n\"] == 3:\n        raise RuntimeError(\"no answer\")\n    return {\"output\": str(item[\"n\"]), \"more\": {\"ümlaut\": [1, None, True]}}"]}},"metrics":{"equals_metric":{"name":"Equals","parts":{"class of Equals":["f939ae3d30c69e33","opik_resume.metrics.text.Equals"],"name of Equals":["7d4946f36718a794","''equals_metric''"],"track of Equals":["3cbc87c7681f34db","True"],"project_name of Equals":["dc937b59892604f5","None"],"_case_sensitive of Equals":["60a33e6cf5151f2d","False"]}},"judge":{"name":"Judge","parts":{"source of Judge.__init__":["c74411f30a71757a","    def __init__(self) -> None:\n        super().__init__(\"judge\")"],"source of Judge.score":["95f7cb370ac0f1dd","    def score(self, output: str, **_: Any) -> ScoreResult:\n        if output == \"4\":\n            raise RuntimeError(\"no verdict\")\n        return ScoreResult(\"judge\", 0.5, reason=\"so so — “naïve”\")"],"class of Judge":["aed6fc7b38a3b6ae","__main__.Judge"],"name of Judge":["554c5b8467464b8f","''judge''"],"track of Judge":["3cbc87c7681f34db","True"],"project_name of Judge":["dc937b59892604f5","None"]}}}}','2026-11-26T21:51:15.675801+00:00');
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
INSERT INTO "dataset_items" VALUES('01a219d7-62ab-72cb-871e-062f0e592816','01a219d7-62ad-743d-b33d-0153ea1c9d6c',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a219d7-62ab-72cb-871e-062f0e592816','01a219d7-62ad-74ad-8e23-fc4a8c854655',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a219d7-62ab-72cb-871e-062f0e592816','01a219d7-62ad-74d8-bbfe-6f55c35c8e74',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a219d7-62ab-72cb-871e-062f0e592816','01a219d7-62ad-74f6-8f11-cc9c21c3b68c',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a219d7-62ab-72cb-871e-062f0e592816','01a219d7-62cf-7224-999e-821949fe95d3',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL, items_added INTEGER NOT NULL DEFAULT 0, items_modified INTEGER NOT NULL DEFAULT 0, items_deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a219d7-62ae-7494-ac65-fe1e4e2ee58a','01a219d7-62ab-72cb-871e-062f0e592816',1,4,'2026-11-26T21:51:15.630307+00:00',4,0,0);
INSERT INTO "dataset_versions" VALUES('01a219d7-62cf-7cd7-b33c-7be65515f6a9','01a219d7-62ab-72cb-871e-062f0e592816',2,5,'2026-11-26T21:51:15.663814+00:00',1,0,0);
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
, project_name TEXT, deleted_name TEXT);
INSERT INTO "datasets" VALUES('01a219d7-62ab-72cb-871e-062f0e592816','questions','what people ask','2026-11-26T21:51:15.627205+00:00',NULL,NULL);
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
INSERT INTO "experiments" VALUES('01a219d7-62b7-7a2c-8b41-1de41a5310f3','whole','01a219d7-62ab-72cb-871e-062f0e592816',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric","mark":"a042b37c"}],"threads":16,"task_mark":"afaf50a6"}}',8,'completed','2026-11-26T21:51:15.639142+00:00','2026-11-26T21:51:15.658188+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a219d7-62d8-79f7-9761-b55618c8cebf','broken','01a219d7-62ab-72cb-871e-062f0e592816',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric","mark":"a042b37c"},{"name":"judge","mark":"ad27d440"}],"threads":1,"task_mark":"a0914838"}}',5,'running','2026-11-26T21:51:15.672322+00:00','2026-11-26T21:51:15.684444+00:00','[]',NULL,NULL,'[]');
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
    problem TEXT, notes TEXT, scored_by TEXT, missing_metrics TEXT, steps TEXT, version TEXT, cost REAL, prints TEXT,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a219d7-62dd-70b1-83ca-ea0a63eb0e6e','01a219d7-62d8-79f7-9761-b55618c8cebf','01a219d7-62cf-7224-999e-821949fe95d3',0,'2026-11-26T21:51:15.677054+00:00','2026-11-26T21:51:15.678089+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,1.68135000421898439526e-04,7.12830002157716080546e-04,1700000000000000,'waiting',NULL,NULL,'["equals_metric","judge"]',NULL,NULL,'a0914838-a185cf07',NULL,NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a219d7-62df-7d7e-8277-8a592f42903f','01a219d7-62d8-79f7-9761-b55618c8cebf','01a219d7-62ad-74d8-bbfe-6f55c35c8e74',0,'2026-11-26T21:51:15.679853+00:00','2026-11-26T21:51:15.681112+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.75193003087770193815e-04,1.00082700009807012975e-03,1700000000000001,'refused','too large',NULL,'["equals_metric","judge"]',NULL,NULL,'a0914838-a185cf07',NULL,NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a219d7-62e1-7682-9359-484981c90418','01a219d7-62d8-79f7-9761-b55618c8cebf','01a219d7-62ad-74ad-8e23-fc4a8c854655',0,'2026-11-26T21:51:15.681418+00:00','2026-11-26T21:51:15.682594+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.05702999664936214685e-04,8.61501997860614210367e-04,1700000000000002,'delivered',NULL,NULL,'["equals_metric","judge"]',NULL,NULL,'a0914838-a185cf07',NULL,NULL);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a219d7-62e2-7cc9-bfff-c27657affce9','01a219d7-62d8-79f7-9761-b55618c8cebf','01a219d7-62ad-743d-b33d-0153ea1c9d6c',0,'2026-11-26T21:51:15.682808+00:00');
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
INSERT INTO "leases" VALUES('01a219d7-62b7-7a2c-8b41-1de41a5310f3',1,NULL,'laptop','boot',15955,0.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'8546996e164b7435920a154b050837d8','pid:[4026531836]',2997712);
INSERT INTO "leases" VALUES('01a219d7-62d8-79f7-9761-b55618c8cebf',1,'01a219d7-62e2-7cc9-bfff-c27657affce9','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'8546996e164b7435920a154b050837d8','pid:[4026531836]',2997712);
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
INSERT INTO "living_tasks" VALUES('01a219d7-62d8-79f7-9761-b55618c8cebf','01a219d7-62ad-743d-b33d-0153ea1c9d6c',0,'01a219d7-62e2-7cc9-bfff-c27657affce9','2025-12-24T18:00:00+00:00',0,'8546996e164b7435920a154b050837d8','laptop','boot',4242,'pid:[4026531836]',2997712,1.0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a219d7-62e2-7cc9-bfff-c27657affce9','01a219d7-62d8-79f7-9761-b55618c8cebf','01a219d7-62ad-743d-b33d-0153ea1c9d6c',0,'2026-11-26T21:51:15.682808+00:00');
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX starts_by_experiment ON starts (experiment_id);
CREATE INDEX journal_by_state ON journal (server, state, revision);
CREATE INDEX journal_starts_by_experiment ON journal_starts (server, experiment_id);
CREATE INDEX journal_by_cell ON journal (server, experiment_id, item_id);
CREATE INDEX dataset_items_by_id ON dataset_items (dataset_id, id, added_in, removed_in, runs_per_item);
CREATE INDEX attempts_by_cell ON attempts (
    experiment_id, item_id, id, trial, complete, returned, seconds, began, cost, error_type, failed_metrics,
    missing_metrics, scored_by, version
);
COMMIT;
