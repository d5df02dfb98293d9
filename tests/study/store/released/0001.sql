BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE draft (
	subject TEXT NOT NULL, 
	text TEXT NOT NULL, 
	revision BIGINT NOT NULL, 
	PRIMARY KEY (subject)
);
INSERT INTO "draft" VALUES('a/b','""',1);
INSERT INTO "draft" VALUES('主题/练习','"def \u6ce8\u610f\u529b(): \u0000\ud800"',2);
INSERT INTO "draft" VALUES('note:x#whole','"def \u6ce8\u610f\u529b(): \u0000\ud800def \u6ce8\u610f\u529b(): \u0000\ud800"',3);
CREATE TABLE event (
	seq INTEGER NOT NULL, 
	id VARCHAR(64) NOT NULL, 
	at VARCHAR(40) NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	subject TEXT NOT NULL, 
	data TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (id)
);
INSERT INTO "event" VALUES(1,'8201e2bd73ab48767734d7c1c7fde805','2026-01-02T00:59:24.738804+00:00','attempt','note:x#whole','{"n": 0, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.8657422852499215, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(2,'2fa91425cb0088539d2c67eda13ffe79','2026-01-02T13:54:25.227323+00:00','hint','a/b','{"n": 1, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.18466034385487662, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(3,'a26b7f62b1852f27e3eff9c0cf44dd3f','2026-01-02T12:04:49.715047+00:00','solution','a/b','{"n": 2, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.3034012626245255, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(4,'9f8558a628518867a66b0d389d95847e','2026-01-03T05:58:03.954272+00:00','reset','a/b','{"n": 3, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.9647577811255668, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(5,'c7321cc007b37e14998092253deffa38','2026-01-03T07:37:30.195385+00:00','setting','主题/练习','{"n": 4, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.05955110516885498, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(6,'4b4d8474a3ea284d3bd0334684e55160','2026-01-04T08:06:36.013578+00:00','attempt','主题/练习','{"n": 5, "text": "\ud800\ud800\ud800", "x": 0.4405311166566568, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(7,'8d1fe1daff6665896822a6b24735af1c','2026-01-04T19:06:59.578660+00:00','hint','a/b','{"n": 6, "text": "\u6ce8\u610f\u529b\u6ce8\u610f\u529b\u6ce8\u610f\u529b", "x": 0.6624495318903681, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(8,'902a174f11fa2ac0079dd25a49fe85b0','2026-01-04T22:09:17.482263+00:00','solution','a/b','{"n": 7, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.3152772170155499, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(9,'d8e94b150452ef05f542441d111b8aaa','2026-01-05T03:20:11.246799+00:00','reset','note:x#whole','{"n": 8, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.10780310516494229, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(10,'faf8cda9601e5b45785116080d650372','2026-01-06T06:46:58.557490+00:00','setting','note:x#whole','{"n": 9, "text": "\u6ce8\u610f\u529b\u6ce8\u610f\u529b\u6ce8\u610f\u529b", "x": 0.21350167847959256, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(11,'45100358acc6d8f2c74c7ccf32d03fdd','2026-01-06T21:36:05.017470+00:00','attempt','主题/练习','{"n": 10, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.4197914009767647, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(12,'1e34b3f1ec3fbf4dc20ef16468f918d8','2026-01-06T17:07:53.855872+00:00','hint','a/b','{"n": 11, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.3112096289737941, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(13,'2d7c50487ca07386cc099a1e77064c2c','2026-01-06T12:30:54.187608+00:00','solution','note:x#whole','{"n": 12, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.7070160292166942, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(14,'6b52b08d21870f0bc4ff64debb5d6b48','2026-01-06T14:11:20.423935+00:00','reset','note:x#whole','{"n": 13, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.44742487750102156, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(15,'dd44fd3645114889001edc8e367e5d6d','2026-01-06T23:54:55.631708+00:00','setting','note:x#whole','{"n": 14, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.1165079876397056, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(16,'dab871d5feef16e964ef2ebe2ff36007','2026-01-06T19:36:09.101089+00:00','attempt','note:x#whole','{"n": 15, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.9979037186865889, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(17,'c5cefdd8027385c9421e7a607108e022','2026-01-06T19:43:30.285110+00:00','hint','note:x#whole','{"n": 16, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.042107820431155685, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(18,'952e1b8b356f8bd11711eb5713041452','2026-01-07T04:14:27.699526+00:00','solution','note:x#whole','{"n": 17, "text": "\ud800\ud800\ud800", "x": 0.8302894778275844, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(19,'f589d99a20918fa7740572419f452c07','2026-01-07T12:08:40.775343+00:00','reset','note:x#whole','{"n": 18, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.015509073445825527, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(20,'27756991a0931ed42ecdcc0a62d74145','2026-01-07T11:53:43.757620+00:00','setting','主题/练习','{"n": 19, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.8323592288387659, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(21,'a104a795bd4aeab02891dd3c3096c6c8','2026-01-07T15:37:40.576990+00:00','attempt','note:x#whole','{"n": 20, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.8178019494596482, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(22,'6be49ee714186ebf9a8137e97b862eac','2026-01-08T00:12:55.029194+00:00','hint','a/b','{"n": 21, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.6869740035395014, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(23,'b45f51c3bd65693b3d0840fb41536363','2026-01-08T13:08:51.863335+00:00','solution','主题/练习','{"n": 22, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.10904726414901367, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(24,'2ce933e1852395744b1e943e7db224cb','2026-01-09T15:48:59.694917+00:00','reset','note:x#whole','{"n": 23, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.420815302608295, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(25,'9d42f6709da9b14dda36e0d6a74c4611','2026-01-10T03:35:31.483210+00:00','setting','a/b','{"n": 24, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.12640017441210394, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(26,'44e9e4a511b41900043e3ef5bfbd7d14','2026-01-11T06:36:54.918448+00:00','attempt','主题/练习','{"n": 25, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.21240024952113756, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(27,'9279b1e987efda6b5e68b7ca482ea760','2026-01-11T03:14:46.283803+00:00','hint','a/b','{"n": 26, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.24906402871352118, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(28,'bb9fab2ba82cb2cd54ba1e74fb019df4','2026-01-12T05:25:44.752779+00:00','solution','note:x#whole','{"n": 27, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.3621451566994809, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(29,'b372c56b5b8349cee903aefa798c06fe','2026-01-13T08:45:16.761030+00:00','reset','主题/练习','{"n": 28, "text": "\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627", "x": 0.5898756312957445, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(30,'4fa1d41fbb01ea751138a4e47b73ccf8','2026-01-14T02:01:16.010749+00:00','setting','主题/练习','{"n": 29, "text": "\u6ce8\u610f\u529b\u6ce8\u610f\u529b\u6ce8\u610f\u529b", "x": 0.021259178209101393, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(31,'0b620dc6bcac64625e268fa08bcce7cd','2026-01-13T23:39:19.136161+00:00','attempt','note:x#whole','{"n": 30, "text": "\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627", "x": 0.9993576263817553, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(32,'7928c6a1af65b9a415bdc39d5a11cca5','2026-01-15T02:40:49.461185+00:00','hint','a/b','{"n": 31, "text": "\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627", "x": 0.793266676093484, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(33,'9ffd6a1803b8676692a383287ffb20e6','2026-01-14T22:44:23.438224+00:00','solution','note:x#whole','{"n": 32, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.9442393466124832, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(34,'a3b000431734bc4414881edc127eeabe','2026-01-14T18:10:31.782331+00:00','reset','a/b','{"n": 33, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.37917641984432104, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(35,'b1b43d07bc2b75cdef2b1ae56370903f','2026-01-15T14:39:45.873978+00:00','setting','note:x#whole','{"n": 34, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.8797918291110268, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(36,'83b852d7c00dc63d84c955f11572c073','2026-01-16T15:00:20.497656+00:00','attempt','a/b','{"n": 35, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.44052249537871946, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(37,'1ce606fdb2c60fddf517e3823aefce2e','2026-01-17T02:50:21.056390+00:00','hint','主题/练习','{"n": 36, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.6012852645496446, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(38,'9c9c2d91ad9a629624aa17344d1079ab','2026-01-16T22:14:05.764223+00:00','solution','a/b','{"n": 37, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.25583022010638157, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(39,'e448373c7f914fe871227cb2ee283c1e','2026-01-17T05:13:23.822577+00:00','reset','a/b','{"n": 38, "text": "\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627", "x": 0.7537712894806384, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(40,'ce554174cdc02ecd6e4f2724a2592b9d','2026-01-17T08:59:39.334860+00:00','setting','a/b','{"n": 39, "text": "\ud800\ud800\ud800", "x": 0.4047571693800319, "none": null, "list": [1, 2.5, "\u4e09"]}');
CREATE INDEX event_kind_subject ON event (kind, subject);
COMMIT;
