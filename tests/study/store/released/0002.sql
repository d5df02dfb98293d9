BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
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
INSERT INTO "event" VALUES(1,'22720c5422dc73ab35bb849851054839','2026-01-01T15:24:31.505657+00:00','attempt','主题/练习','{"n": 0, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.384418682899903, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(2,'faf8dfcdf33335b6106b6a04b6125e0c','2026-01-02T16:06:50.264083+00:00','hint','主题/练习','{"n": 1, "text": "\ud800\ud800\ud800", "x": 0.8370956174705394, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(3,'69fae866d4b59c0536cdf8a1ecfcc396','2026-01-03T03:36:40.576417+00:00','solution','主题/练习','{"n": 2, "text": "\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627", "x": 0.11282937564439655, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(4,'73d58e1c9ff157b9fb66be9ed786e466','2026-01-03T23:40:51.426109+00:00','reset','主题/练习','{"n": 3, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.6721472987187775, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(5,'b568d623ada219c60a9efbc19b88b1e5','2026-01-04T04:24:55.013957+00:00','setting','主题/练习','{"n": 4, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.8287273573241067, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(6,'67ba784822c91b83a417a0fe04e4a7fa','2026-01-05T03:07:05.717691+00:00','review','主题/练习','{"n": 5, "text": "\ud800\ud800\ud800", "x": 0.3090303514099595, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(7,'cbfe2f8d24105a49c77d357f3cc6d62d','2026-01-06T03:09:23.940433+00:00','cards','a/b','{"n": 6, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.024726508328416386, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(8,'5e6203e3ceb0c71ea3d1863ba7b0e693','2026-01-06T20:12:19.434224+00:00','note','a/b','{"n": 7, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.44648076675102255, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(9,'c14b051002c19aa9b6d750312dbe5f3d','2026-01-07T07:50:07.364281+00:00','run','主题/练习','{"n": 8, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.1993414224970177, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(10,'f262b76db28302c18a29110d588262d5','2026-01-07T12:22:04.086272+00:00','chat','note:x#whole','{"n": 9, "text": "\u6ce8\u610f\u529b\u6ce8\u610f\u529b\u6ce8\u610f\u529b", "x": 0.1790988089625285, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(11,'69155cca16535f4c39530168e7ff25b9','2026-01-08T11:05:07.548246+00:00','attempt','note:x#whole','{"n": 10, "text": "\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627\u0645\u0631\u062d\u0628\u0627", "x": 0.3935162115749853, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(12,'01b8d526e8f37d7ee327c967a023ecd5','2026-01-08T21:57:33.103689+00:00','hint','主题/练习','{"n": 11, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.12990992106872, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(13,'ddbc8dddb8d0c65d1955bf313473f51f','2026-01-09T15:45:19.746985+00:00','solution','note:x#whole','{"n": 12, "text": "\ud800\ud800\ud800", "x": 0.4637077326064355, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(14,'4f52d3fefa342b15167cd62efb019964','2026-01-10T18:15:17.697822+00:00','reset','note:x#whole','{"n": 13, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.2132965791396192, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(15,'1530959b813547e25937c1f0040182fc','2026-01-11T14:23:39.493798+00:00','setting','a/b','{"n": 14, "text": "\ud800\ud800\ud800", "x": 0.26188315384082284, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(16,'0745e6cfeb7544127cc95bc246773aad','2026-01-12T00:08:38.041888+00:00','review','a/b','{"n": 15, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.34205408804343584, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(17,'c9b433b5afc3eec055c2d7f4887aae6a','2026-01-11T20:22:21.183485+00:00','cards','a/b','{"n": 16, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.4289343044151356, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(18,'ad89f4a1d708b23284a991f3b93ba587','2026-01-12T09:27:03.323107+00:00','note','note:x#whole','{"n": 17, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.14867555349934025, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(19,'c201bf981605a2edb06670aaf2fbc7f9','2026-01-12T21:41:28.566567+00:00','run','a/b','{"n": 18, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.9457473969454969, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(20,'2a12dc9da38d0f398fc0819eba9577c2','2026-01-13T02:50:49.945916+00:00','chat','note:x#whole','{"n": 19, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.5266634043959898, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(21,'9c03e73be688cf0bdebce607d862ff16','2026-01-13T11:11:23.285419+00:00','attempt','a/b','{"n": 20, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.31169756257011483, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(22,'7f65d54d92af698d45e0dd428633abf8','2026-01-14T16:05:06.771457+00:00','hint','a/b','{"n": 21, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.8507712344910974, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(23,'89cf6d5a071afc5560850d669af034b9','2026-01-15T04:41:46.708540+00:00','solution','a/b','{"n": 22, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.5359036781957791, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(24,'b0e4823617dd66217db4d3b51f36ddf8','2026-01-16T10:19:31.312704+00:00','reset','a/b','{"n": 23, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.5439967498262864, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(25,'ec652b9ecce6a106f4f51c13ebb86ee2','2026-01-16T21:23:17.104317+00:00','setting','主题/练习','{"n": 24, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.9308258409702438, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(26,'d0d2d52ee6a1096b6f057e9556f55245','2026-01-17T09:38:39.712025+00:00','review','主题/练习','{"n": 25, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.24627746249110616, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(27,'212462ac429df542ecde8a070787b26d','2026-01-17T19:19:41.657221+00:00','cards','note:x#whole','{"n": 26, "text": "\ud800\ud800\ud800", "x": 0.10861364149638797, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(28,'5273fb7148b988aaafe176640307784d','2026-01-17T19:46:18.318928+00:00','note','note:x#whole','{"n": 27, "text": "\u6ce8\u610f\u529b\u6ce8\u610f\u529b\u6ce8\u610f\u529b", "x": 0.035624855712850345, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(29,'1f6ebaa5950d76cebb1bda5d7feacb06','2026-01-18T08:13:49.978786+00:00','run','note:x#whole','{"n": 28, "text": "\ud800\ud800\ud800", "x": 0.24446665957395974, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(30,'60303f4505f3b66c6fd08d91e0f48d2f','2026-01-19T03:46:42.291472+00:00','chat','note:x#whole','{"n": 29, "text": "a\u0000ba\u0000ba\u0000b", "x": 0.7176962286064688, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(31,'a19ddc1add248e6f344acadf89c666c4','2026-01-19T20:19:52.383879+00:00','attempt','note:x#whole','{"n": 30, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.8251797521810806, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(32,'22ef6a80db54e659962e58359c9919f2','2026-01-20T21:07:30.913322+00:00','hint','a/b','{"n": 31, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.5296190173638713, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(33,'31d6e349ec3a74cde401278a50a314ea','2026-01-21T03:10:51.011965+00:00','solution','a/b','{"n": 32, "text": "\ud800\ud800\ud800", "x": 0.9026775299097224, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(34,'1690a1f7ba00eb1b21ee3e333d45e04e','2026-01-21T02:52:06.472262+00:00','reset','主题/练习','{"n": 33, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.8875416897003484, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(35,'b47053deca393bf18b142f966beffb9b','2026-01-22T02:59:39.707541+00:00','setting','a/b','{"n": 34, "text": "'' ; DROP TABLE event; --'' ; DROP TABLE event; --'' ; DROP TABLE event; --", "x": 0.09701587583718618, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(36,'91e4f83433706a3518972e44048bd52f','2026-01-22T21:58:36.785625+00:00','review','note:x#whole','{"n": 35, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.40277880153054524, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(37,'a2792e7581744e12b467fb8a1d8b8694','2026-01-24T02:52:12.446816+00:00','cards','主题/练习','{"n": 36, "text": "\ud800\ud800\ud800", "x": 0.9113729731811138, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(38,'8d3a57efc3123f99099565a20638d57b','2026-01-24T14:44:33.719276+00:00','note','note:x#whole','{"n": 37, "text": "\ud83e\udded\ud83e\udded\ud83e\udded", "x": 0.8028437276970753, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(39,'2874799ad71848a12c2869b63433b58e','2026-01-24T16:12:05.292321+00:00','run','主题/练习','{"n": 38, "text": "\u00e9\n\t\u00e9\n\t\u00e9\n\t", "x": 0.14655482165195888, "none": null, "list": [1, 2.5, "\u4e09"]}');
INSERT INTO "event" VALUES(40,'c3c4b8a013ddf702764a44b4ae53c374','2026-01-24T15:54:26.025574+00:00','chat','a/b','{"n": 39, "text": "\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd\u05e9\u05dc\u05d5\u05dd", "x": 0.579778768583723, "none": null, "list": [1, 2.5, "\u4e09"]}');
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
COMMIT;
