PRAGMA application_id = 1330664019;
PRAGMA user_version = 11;
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
, notes TEXT, scored_by TEXT, missing_metrics TEXT, seconds REAL, failed_metrics TEXT, version TEXT, cost REAL, began REAL);
INSERT INTO "attempts" VALUES('01a219d7-60ad-7dbe-a9a6-bb6e9aee62d8','01a219d7-60a9-7125-a054-b4b4b64b85b6','01a219d7-60a1-7638-81e4-a6e2dc903958',0,'2026-11-26T21:51:15.117871+00:00','2026-11-26T21:51:15.118164+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,6.48570021439809352159e-05,9.0780002210522070527e-05,NULL,'["equals_metric"]',NULL,0.000293,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987511787104603e+09);
INSERT INTO "attempts" VALUES('01a219d7-60af-7258-94ae-b9a4f3094de5','01a219d7-60a9-7125-a054-b4b4b64b85b6','01a219d7-60a1-7638-81e4-a6e2dc903958',1,'2026-11-26T21:51:15.119156+00:00','2026-11-26T21:51:15.119339+00:00',1,1,'{"output":"3"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.57179997081402689218e-05,6.0927999584237113595e-05,NULL,'["equals_metric"]',NULL,0.000183,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987511915588372e+09);
INSERT INTO "attempts" VALUES('01a219d7-60af-7bf9-9fed-2d4fa8423726','01a219d7-60a9-7125-a054-b4b4b64b85b6','01a219d7-60a1-75f0-a88a-9d3159b83a9e',0,'2026-11-26T21:51:15.119761+00:00','2026-11-26T21:51:15.119998+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,4.86059980175923556089e-05,8.1105998106068e-05,NULL,'["equals_metric"]',NULL,0.000237,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987511976099009e+09);
INSERT INTO "attempts" VALUES('01a219d7-60b0-70dc-a3e7-42ee359bb0d2','01a219d7-60a9-7125-a054-b4b4b64b85b6','01a219d7-60a1-75f0-a88a-9d3159b83a9e',1,'2026-11-26T21:51:15.120058+00:00','2026-11-26T21:51:15.120227+00:00',1,1,'{"output":"1"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.34350006596650928258e-05,4.00680000893771648406e-05,NULL,'["equals_metric"]',NULL,0.000169,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987512005805962e+09);
INSERT INTO "attempts" VALUES('01a219d7-60b0-756e-a5e3-66632ffdf012','01a219d7-60a9-7125-a054-b4b4b64b85b6','01a219d7-60a1-7619-8ebc-14da72e74376',1,'2026-11-26T21:51:15.120350+00:00','2026-11-26T21:51:15.120538+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.72750003205146640539e-05,4.60679984826128929853e-05,NULL,'["equals_metric"]',NULL,0.000188,NULL,'afaf50a6-aa62d6c5',NULL,1795729875.12035);
INSERT INTO "attempts" VALUES('01a219d7-60b0-7a02-833b-fed87d0507ef','01a219d7-60a9-7125-a054-b4b4b64b85b6','01a219d7-60a1-7619-8ebc-14da72e74376',0,'2026-11-26T21:51:15.120632+00:00','2026-11-26T21:51:15.120776+00:00',1,1,'{"output":"2"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.23889983317349106073e-05,4.53379980172030627727e-05,NULL,'["equals_metric"]',NULL,0.000144,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987512063193316e+09);
INSERT INTO "attempts" VALUES('01a219d7-60b0-7418-8bda-b898ae2f036e','01a219d7-60a9-7125-a054-b4b4b64b85b6','01a219d7-60a1-7591-a986-a8f3895d2199',0,'2026-11-26T21:51:15.120259+00:00','2026-11-26T21:51:15.121437+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,2.21269983740057796239e-05,4.4039999920642003417e-05,NULL,'["equals_metric"]',NULL,0.001178,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987512025904655e+09);
INSERT INTO "attempts" VALUES('01a219d7-60b2-7ad4-b384-7093140d1520','01a219d7-60a9-7125-a054-b4b4b64b85b6','01a219d7-60a1-7591-a986-a8f3895d2199',1,'2026-11-26T21:51:15.122688+00:00','2026-11-26T21:51:15.122913+00:00',1,1,'{"output":"0"}','[{"name":"equals_metric","value":1.0}]',NULL,NULL,NULL,3.43499996233731508255e-05,5.39339998795185238122e-05,NULL,'["equals_metric"]',NULL,0.000225,NULL,'afaf50a6-aa62d6c5',NULL,1.79572987512268805506e+09);
INSERT INTO "attempts" VALUES('01a219d7-60ca-7217-af0c-a88f7d8702dc','01a219d7-60c6-78d0-93df-597a730bb934','01a219d7-60bc-7ff0-a7e4-82877b9e04cb',0,'2026-11-26T21:51:15.146139+00:00','2026-11-26T21:51:15.146958+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,1.80847997398814186453e-04,5.65977999940514564514e-04,NULL,'["equals_metric","judge"]',NULL,0.000819,'["judge"]','a0914838-a185cf07',NULL,1.79572987514613890643e+09);
INSERT INTO "attempts" VALUES('01a219d7-60cb-7c78-bb83-7b6cf03958ab','01a219d7-60c6-78d0-93df-597a730bb934','01a219d7-60a1-7638-81e4-a6e2dc903958',0,'2026-11-26T21:51:15.147791+00:00','2026-11-26T21:51:15.148007+00:00',0,0,NULL,'[]','RuntimeError','no answer','Traceback (most recent call last):
  File "evaluation.py", line 1, in task
RuntimeError: no answer
',1.54773002577712759375e-04,NULL,NULL,NULL,NULL,0.000216,NULL,'a0914838-a185cf07',NULL,1.79572987514779090888e+09);
INSERT INTO "attempts" VALUES('01a219d7-60cc-75d8-a90b-a61f1a0295a5','01a219d7-60c6-78d0-93df-597a730bb934','01a219d7-60a1-7619-8ebc-14da72e74376',0,'2026-11-26T21:51:15.148370+00:00','2026-11-26T21:51:15.149277+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.92186998901888728141e-04,6.66660998831503093242e-04,NULL,'["equals_metric","judge"]',NULL,0.000907,NULL,'a0914838-a185cf07',NULL,1795729875.14837);
INSERT INTO "attempts" VALUES('01a219d7-60cd-77c1-83a0-106f47fbf415','01a219d7-60c6-78d0-93df-597a730bb934','01a219d7-60a1-75f0-a88a-9d3159b83a9e',0,'2026-11-26T21:51:15.149491+00:00','2026-11-26T21:51:15.150197+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.00890000996878370642e-04,4.49488001322606578469e-04,NULL,'["equals_metric","judge"]',NULL,0.000706,NULL,'a0914838-a185cf07',NULL,1.79572987514949107164e+09);
CREATE TABLE callables (
    server TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    version TEXT NOT NULL,
    made_of TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    PRIMARY KEY (server, experiment_id, version)
);
INSERT INTO "callables" VALUES('','01a219d7-60a9-7125-a054-b4b4b64b85b6','afaf50a6-aa62d6c5','{"task":{"name":"copied","parts":{"source of copied":["d40e4d94dfecfc10","def copied(item: dict[str, Any]) -> dict[str, Any]:\n    return {\"output\": item[\"reference\"]}"]}},"metrics":{"equals_metric":{"name":"Equals","parts":{"class of Equals":["f939ae3d30c69e33","opik_resume.metrics.text.Equals"],"name of Equals":["7d4946f36718a794","''equals_metric''"],"track of Equals":["3cbc87c7681f34db","True"],"project_name of Equals":["dc937b59892604f5","None"],"_case_sensitive of Equals":["60a33e6cf5151f2d","False"]}}}}','2026-11-26T21:51:15.116553+00:00');
INSERT INTO "callables" VALUES('','01a219d7-60c6-78d0-93df-597a730bb934','a0914838-a185cf07','{"task":{"name":"task","parts":{"source of task":["d6f046b393856ca3","def task(item: dict[str, Any]) -> dict[str, Any]:\n    if item[\"n\"] == 3:\n        raise RuntimeError(\"no answer\")\n    return {\"output\": str(item[\"n\"]), \"more\": {\"ümlaut\": [1, None, True]}}"]}},"metrics":{"equals_metric":{"name":"Equals","parts":{"class of Equals":["f939ae3d30c69e33","opik_resume.metrics.text.Equals"],"name of Equals":["7d4946f36718a794","''equals_metric''"],"track of Equals":["3cbc87c7681f34db","True"],"project_name of Equals":["dc937b59892604f5","None"],"_case_sensitive of Equals":["60a33e6cf5151f2d","False"]}},"judge":{"name":"Judge","parts":{"source of Judge.__init__":["c74411f30a71757a","    def __init__(self) -> None:\n        super().__init__(\"judge\")"],"source of Judge.score":["95f7cb370ac0f1dd","    def score(self, output: str, **_: Any) -> ScoreResult:\n        if output == \"4\":\n            raise RuntimeError(\"no verdict\")\n        return ScoreResult(\"judge\", 0.5, reason=\"so so — “naïve”\")"],"class of Judge":["aed6fc7b38a3b6ae","__main__.Judge"],"name of Judge":["554c5b8467464b8f","''judge''"],"track of Judge":["3cbc87c7681f34db","True"],"project_name of Judge":["dc937b59892604f5","None"]}}}}','2026-11-26T21:51:15.144915+00:00');
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
INSERT INTO "dataset_items" VALUES('01a219d7-609f-7e86-bc89-07a33da62d89','01a219d7-60a1-7591-a986-a8f3895d2199',1,NULL,'{"n":0,"reference":"0"}',NULL,'767b658300a882348235b597d97b73ad397e9f0373f3b2c6e1190b09a5bd2574');
INSERT INTO "dataset_items" VALUES('01a219d7-609f-7e86-bc89-07a33da62d89','01a219d7-60a1-75f0-a88a-9d3159b83a9e',1,NULL,'{"n":1,"reference":"1"}',NULL,'e703ce34d45e2168f9d5d7f06f21f0f8e8a09804c49a5f774206473e96d9b0c8');
INSERT INTO "dataset_items" VALUES('01a219d7-609f-7e86-bc89-07a33da62d89','01a219d7-60a1-7619-8ebc-14da72e74376',1,NULL,'{"n":2,"reference":"2"}',NULL,'2782d11176a323ef4dfc1a378707a04f921b06d152b1043870014b0753c7c3e4');
INSERT INTO "dataset_items" VALUES('01a219d7-609f-7e86-bc89-07a33da62d89','01a219d7-60a1-7638-81e4-a6e2dc903958',1,NULL,'{"n":3,"reference":"3"}',NULL,'ea03ecd51c5dde9220f54a29f9d081c3646b432987ef9ce25896f36e890e431b');
INSERT INTO "dataset_items" VALUES('01a219d7-609f-7e86-bc89-07a33da62d89','01a219d7-60bc-7ff0-a7e4-82877b9e04cb',2,NULL,'{"n":4,"reference":"4"}',NULL,'3c9afd3779e3baa8a4e95fd26369bed4f48219c61b30b70e488c5c527f9f0bc6');
CREATE TABLE dataset_versions (
    id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    items_total INTEGER NOT NULL,
    created_at TEXT NOT NULL, items_added INTEGER NOT NULL DEFAULT 0, items_modified INTEGER NOT NULL DEFAULT 0, items_deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (dataset_id, number)
);
INSERT INTO "dataset_versions" VALUES('01a219d7-60a2-7463-9bad-9282196fb61a','01a219d7-609f-7e86-bc89-07a33da62d89',1,4,'2026-11-26T21:51:15.106291+00:00',4,0,0);
INSERT INTO "dataset_versions" VALUES('01a219d7-60bd-7890-830d-27e22d5722e1','01a219d7-609f-7e86-bc89-07a33da62d89',2,5,'2026-11-26T21:51:15.133550+00:00',1,0,0);
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at TEXT NOT NULL
, project_name TEXT, deleted_name TEXT);
INSERT INTO "datasets" VALUES('01a219d7-609f-7e86-bc89-07a33da62d89','questions','what people ask','2026-11-26T21:51:15.103926+00:00',NULL,NULL);
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
INSERT INTO "experiments" VALUES('01a219d7-60a9-7125-a054-b4b4b64b85b6','whole','01a219d7-609f-7e86-bc89-07a33da62d89',1,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 2, \"dataset_filter_string\": null, \"dataset_version_name\": \"v1\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"copied","metrics":[{"name":"equals_metric","mark":"a042b37c"}],"threads":16,"task_mark":"afaf50a6"}}',8,'completed','2026-11-26T21:51:15.112558+00:00','2026-11-26T21:51:15.127792+00:00','[]',NULL,NULL,'[]');
INSERT INTO "experiments" VALUES('01a219d7-60c6-78d0-93df-597a730bb934','broken','01a219d7-609f-7e86-bc89-07a33da62d89',2,'{"_opik_resume":"{\"schema_version\": 1, \"resumable\": true, \"default_runs_per_item\": 1, \"dataset_filter_string\": null, \"dataset_version_name\": \"v2\", \"nb_samples\": null, \"requires_local_checkpoint\": false, \"error_tolerance\": 10}","opik_resume":{"task":"task","metrics":[{"name":"equals_metric","mark":"a042b37c"},{"name":"judge","mark":"ad27d440"}],"threads":1,"task_mark":"a0914838"}}',5,'running','2026-11-26T21:51:15.142264+00:00','2026-11-26T21:51:15.151533+00:00','[]',NULL,NULL,'[]');
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
    problem TEXT, notes TEXT, scored_by TEXT, missing_metrics TEXT, steps TEXT, version TEXT, cost REAL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a219d7-60ca-7217-af0c-a88f7d8702dc','01a219d7-60c6-78d0-93df-597a730bb934','01a219d7-60bc-7ff0-a7e4-82877b9e04cb',0,'2026-11-26T21:51:15.146139+00:00','2026-11-26T21:51:15.146958+00:00',1,1,'{"output":"4","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.0,"reason":"no verdict","metadata":{"error_info":{"exception_type":"RuntimeError","message":"no verdict","traceback":"Traceback (most recent call last):\n  File \"evaluation.py\", line 35, in score\n    raise RuntimeError(\"no verdict\")\nRuntimeError: no verdict\n"}},"scoring_failed":true}]',NULL,NULL,NULL,1.80847997398814186453e-04,5.65977999940514564514e-04,1700000000000000,'waiting',NULL,NULL,'["equals_metric","judge"]',NULL,NULL,'a0914838-a185cf07',NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a219d7-60cc-75d8-a90b-a61f1a0295a5','01a219d7-60c6-78d0-93df-597a730bb934','01a219d7-60a1-7619-8ebc-14da72e74376',0,'2026-11-26T21:51:15.148370+00:00','2026-11-26T21:51:15.149277+00:00',1,1,'{"output":"2","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,1.92186998901888728141e-04,6.66660998831503093242e-04,1700000000000001,'refused','too large',NULL,'["equals_metric","judge"]',NULL,NULL,'a0914838-a185cf07',NULL);
INSERT INTO "journal" VALUES('https://opik.example.com/api/ team','01a219d7-60cd-77c1-83a0-106f47fbf415','01a219d7-60c6-78d0-93df-597a730bb934','01a219d7-60a1-75f0-a88a-9d3159b83a9e',0,'2026-11-26T21:51:15.149491+00:00','2026-11-26T21:51:15.150197+00:00',1,1,'{"output":"1","more":{"ümlaut":[1,null,true]}}','[{"name":"equals_metric","value":1.0},{"name":"judge","value":0.5,"reason":"so so — “naïve”"}]',NULL,NULL,NULL,2.00890000996878370642e-04,4.49488001322606578469e-04,1700000000000002,'delivered',NULL,NULL,'["equals_metric","judge"]',NULL,NULL,'a0914838-a185cf07',NULL);
CREATE TABLE journal_starts (
    server TEXT NOT NULL,
    id TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL,
    PRIMARY KEY (server, id)
);
INSERT INTO "journal_starts" VALUES('https://opik.example.com/api/ team','01a219d7-60ce-73c7-a377-a7332a9262d4','01a219d7-60c6-78d0-93df-597a730bb934','01a219d7-60a1-7591-a986-a8f3895d2199',0,'2026-11-26T21:51:15.150241+00:00');
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
INSERT INTO "leases" VALUES('01a219d7-60a9-7125-a054-b4b4b64b85b6',1,NULL,'laptop','boot',15915,0.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'b11a75936d026f4e99884181987c0cf8','pid:[4026531836]',2997659);
INSERT INTO "leases" VALUES('01a219d7-60c6-78d0-93df-597a730bb934',1,'01a219d7-60ce-73c7-a377-a7332a9262d4','laptop','boot',4242,1.0,'2025-12-24T18:00:00+00:00','2025-12-24T18:00:00+00:00',0,'b11a75936d026f4e99884181987c0cf8','pid:[4026531836]',2997659);
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
INSERT INTO "living_tasks" VALUES('01a219d7-60c6-78d0-93df-597a730bb934','01a219d7-60a1-7591-a986-a8f3895d2199',0,'01a219d7-60ce-73c7-a377-a7332a9262d4','2025-12-24T18:00:00+00:00',0,'b11a75936d026f4e99884181987c0cf8','laptop','boot',4242,'pid:[4026531836]',2997659,1.0);
CREATE TABLE starts (
    id TEXT PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiments(id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    trial INTEGER,
    started_at TEXT NOT NULL
);
INSERT INTO "starts" VALUES('01a219d7-60ce-73c7-a377-a7332a9262d4','01a219d7-60c6-78d0-93df-597a730bb934','01a219d7-60a1-7591-a986-a8f3895d2199',0,'2026-11-26T21:51:15.150241+00:00');
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
