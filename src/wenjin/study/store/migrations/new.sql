CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
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
CREATE INDEX event_kind_subject ON event (kind, subject);
CREATE TABLE draft (
	subject TEXT NOT NULL, 
	text TEXT NOT NULL, 
	revision BIGINT NOT NULL, 
	PRIMARY KEY (subject)
);
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
CREATE INDEX event_subject ON event (subject);
INSERT INTO alembic_version (version_num) VALUES ('0003')
