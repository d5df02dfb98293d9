BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
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
INSERT INTO "event" VALUES(1,'99d6891135c823a26e19ce135ac51cc8','2026-01-01T09:55:31.869570+00:00','attempt','主题/练习','{"n": 0, "text": "\ud800\ud800\ud800", "x": 0.3908843730908622, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(2,'743621bb686fcb682e67a8533344f557','2026-01-01T06:21:22.453034+00:00','hint','主题/练习','{"n": 1, "text": "\u6ce8\u610f\u529b\u6ce8\u610f\u529b\u6ce8\u610f\u529b", "x": 0.6340063117521263, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(3,'cad764c483372f2a1844ebd12a4276e7','2026-01-01T08:11:08.317028+00:00','solution','a/b','{"n": 2, "text": "\ud800\ud800\ud800", "x": 0.40530209185080623, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(4,'e8a33edbdc58eafbe0291bc8b4655ab0','2026-01-02T07:14:43.293679+00:00','reset','note:x#whole','{"n": 3, "text": "\ud800\ud800\ud800", "x": 0.8931849977733575, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(5,'ce08c67d574a1b8efb90eed495a951a0','2026-01-02T08:55:42.721756+00:00','setting','主题/练习','{"n": 4, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.5696839585870888, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(6,'ef0d3b89d08c5c0a28f82e74c72a386f','2026-01-03T05:59:01.519927+00:00','review','主题/练习','{"n": 5, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.9112990283688457, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(7,'6e803472c46bcb235eafacd4b1de5532','2026-01-04T07:46:41.550250+00:00','cards','a/b','{"n": 6, "text": "\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627", "x": 0.8965450698875688, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(8,'7805ec944d3b8462577adfd3cc1e0437','2026-01-04T09:14:48.545980+00:00','note','a/b','{"n": 7, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.20682877095516283, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(9,'3b6b60920cb09b789fbfcb0ae717a666','2026-01-05T14:55:01.511108+00:00','run','主题/练习','{"n": 8, "text": "\u6ce8\u610f\u529b\u6ce8\u610f\u529b\u6ce8\u610f\u529b", "x": 0.8880481671961932, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(10,'13ab64108877e8e72e95050791cfb3fa','2026-01-06T09:00:31.426175+00:00','chat','主题/练习','{"n": 9, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.3378156141642318, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(11,'932d823ffae6f67d6537437fc3015f9f','2026-01-07T04:33:09.013818+00:00','attempt','a/b','{"n": 10, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.6422652618081773, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(12,'8138093c66cc59ee7192d0d741b2bb99','2026-01-08T01:24:37.168684+00:00','hint','a/b','{"n": 11, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.6153964184824929, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(13,'e7d83cb64693bb1f403a290b4230d4e8','2026-01-07T20:47:15.477777+00:00','solution','主题/练习','{"n": 12, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.6480095861530059, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(14,'71c08716a354cb3a1981fcb5febf3621','2026-01-08T11:40:00.769738+00:00','reset','note:x#whole','{"n": 13, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.9671362826278413, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(15,'ee1e8faf62ec9eae0b8c90f1f4916c21','2026-01-09T06:03:42.852887+00:00','setting','a/b','{"n": 14, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.5494156002814813, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(16,'98b84db39c75bdf38abd7a2f7eda7522','2026-01-09T06:58:52.306805+00:00','review','a/b','{"n": 15, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.4717615319048608, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(17,'4ff916f1990b84c5660888b586d9a0d3','2026-01-09T16:42:20.994136+00:00','cards','主题/练习','{"n": 16, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.9452734104881668, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(18,'b77336dfa9e1374e4895526bedf218f0','2026-01-09T21:08:50.225846+00:00','note','note:x#whole','{"n": 17, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.48324262838893783, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(19,'28161d1ba20bcd9c0af33cc295f782c5','2026-01-10T19:11:03.710070+00:00','run','主题/练习','{"n": 18, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.02686131010958892, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(20,'fd1ffe8794ed581c0cd72b2b65d45380','2026-01-11T01:12:51.858835+00:00','chat','note:x#whole','{"n": 19, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.05279145313458222, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(21,'403c7afd7a448c01b8188fd96df4be4f','2026-01-12T03:54:31.267388+00:00','attempt','a/b','{"n": 20, "text": "\ud800\ud800\ud800", "x": 0.07350428251617858, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(22,'24f5133977e5cf1ee8d33780b905579f','2026-01-13T07:42:47.407445+00:00','hint','a/b','{"n": 21, "text": "\u6ce8\u610f\u529b\u6ce8\u610f\u529b\u6ce8\u610f\u529b", "x": 0.5233594410007666, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(23,'0d5385d2dc72f57f3422dc671e32f289','2026-01-13T17:18:49.311200+00:00','solution','主题/练习','{"n": 22, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.050399747671544315, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(24,'99de7a2f749f265f6abec276aafaebfe','2026-01-14T03:48:50.189513+00:00','reset','主题/练习','{"n": 23, "text": "\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627", "x": 0.12432590397672394, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(25,'f3dfe3132310b11eff64fb1bd0ac7bb8','2026-01-15T00:50:57.412603+00:00','setting','主题/练习','{"n": 24, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.3640199138072635, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(26,'81e1d213c8c876664f008cc7e487f655','2026-01-14T23:50:04.850308+00:00','review','note:x#whole','{"n": 25, "text": "\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627", "x": 0.23841102779734025, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(27,'977804a0b2f4432f909ca87eb99e8c2c','2026-01-15T16:10:40.731916+00:00','cards','a/b','{"n": 26, "text": "\ud800\ud800\ud800", "x": 0.2747552191578734, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(28,'a726f5a3facefc74808cd7793fbbe91b','2026-01-15T17:49:17.478159+00:00','note','a/b','{"n": 27, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.7533495965557995, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(29,'9f93cf9c06e32b276cd9727e426fd48d','2026-01-15T13:09:11.427010+00:00','run','a/b','{"n": 28, "text": "\u6ce8\u610f\u529b\u6ce8\u610f\u529b\u6ce8\u610f\u529b", "x": 0.6284095202445004, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(30,'ad20b0d0e9b2ebf716210cc5c17b558b','2026-01-15T17:53:35.762871+00:00','chat','a/b','{"n": 29, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.22256125168240193, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(31,'5697e72035ec05285aa640157a829d0a','2026-01-16T01:57:16.896063+00:00','attempt','主题/练习','{"n": 30, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.6311054228357234, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(32,'7282e11f1eaa75e2cd606cdb130861db','2026-01-17T02:18:14.686154+00:00','hint','note:x#whole','{"n": 31, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.744826817016024, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(33,'5e7381ce26934caccf5418e963df45ca','2026-01-17T23:27:37.106386+00:00','solution','a/b','{"n": 32, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.44433863032132626, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(34,'6d7aa3452f11ee8cebbb3073d37f05b6','2026-01-18T21:01:29.230899+00:00','reset','note:x#whole','{"n": 33, "text": "\ud800\ud800\ud800", "x": 0.29088567606071725, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(35,'1540e4678b2b88341419134252fbbadb','2026-01-19T08:11:43.277931+00:00','setting','主题/练习','{"n": 34, "text": "\ud800\ud800\ud800", "x": 0.5805895931796501, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(36,'1379eed002610099c687605dd2d0a678','2026-01-19T19:25:05.831949+00:00','review','主题/练习','{"n": 35, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.8153006932536283, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(37,'b99969f87ea8ac6b4dc62e13b1f266ea','2026-01-20T11:32:54.423650+00:00','cards','note:x#whole','{"n": 36, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.9106839721061161, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(38,'53ba9764b9d989c9a84266115b98e36a','2026-01-20T11:33:02.107580+00:00','note','主题/练习','{"n": 37, "text": "\ud800\ud800\ud800", "x": 0.2829151815303472, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(39,'f09fa24fe703013feb2686c49842bdd1','2026-01-20T21:59:05.672892+00:00','run','note:x#whole','{"n": 38, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.32244521162863726, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(40,'38a17111514f7eb07551913f4e050c8b','2026-01-21T21:05:29.901096+00:00','chat','主题/练习','{"n": 39, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.43799270339467544, "none": null, "list": [1, 2.5, "\u4e09"]}');
CREATE TABLE job (
	seq INTEGER NOT NULL, 
	id VARCHAR(64) NOT NULL, 
	lab TEXT NOT NULL, 
	asked TEXT NOT NULL, 
	sender VARCHAR(200) NOT NULL, 
	holder VARCHAR(200) NOT NULL, 
	beat FLOAT NOT NULL, 
	starts INTEGER NOT NULL, 
	wish VARCHAR(16) NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (id)
);
INSERT INTO "job" VALUES(1,'j1','a/lab','{}','me','',0.0,0,'');
CREATE INDEX event_kind_subject ON event (kind, subject);
CREATE INDEX event_subject ON event (subject);
COMMIT;
