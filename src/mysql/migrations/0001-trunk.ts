/** vigie's own rows. Times are naive UTC to the millisecond; JSON is TEXT, so that bytes stay as they were hashed. */
export const trunk: readonly string[] = [
  `CREATE TABLE heard (
     adapter VARCHAR(32) NOT NULL, message_key VARCHAR(190) NOT NULL, at DATETIME(3) NOT NULL,
     PRIMARY KEY (adapter, message_key), KEY (at))`,
  `CREATE TABLE job (
     id VARCHAR(12) NOT NULL PRIMARY KEY, state VARCHAR(10) NOT NULL, kind VARCHAR(8) NOT NULL, command VARCHAR(64) NOT NULL,
     line TEXT NOT NULL, cloud VARCHAR(64) NOT NULL, human VARCHAR(64) NOT NULL, account VARCHAR(190) NOT NULL,
     place TEXT NOT NULL, place_id VARCHAR(190) NOT NULL, message_key VARCHAR(190) NOT NULL, reply_to VARCHAR(190) NULL,
     parent VARCHAR(12) NULL, predecessor VARCHAR(12) NULL, successor VARCHAR(12) NULL, schedule VARCHAR(12) NULL,
     plan MEDIUMTEXT NULL, plan_hash CHAR(64) NULL, risk VARCHAR(12) NULL, size INT NOT NULL DEFAULT 0, approval TEXT NULL,
     break_glass TEXT NULL, policy_hash CHAR(64) NULL,
     worker VARCHAR(120) NULL, lease_until DATETIME(3) NULL, epoch INT NOT NULL DEFAULT 0,
     wish VARCHAR(10) NULL, wish_by VARCHAR(64) NULL, looked TINYINT NOT NULL DEFAULT 0,
     reason TEXT NULL, report MEDIUMTEXT NULL, until DATETIME(3) NULL, revision INT NOT NULL DEFAULT 1, warned TINYINT NOT NULL DEFAULT 0,
     called TINYINT NOT NULL DEFAULT 0, standing TEXT NULL,
     created_at DATETIME(3) NOT NULL, planned_at DATETIME(3) NULL, decided_at DATETIME(3) NULL,
     started_at DATETIME(3) NULL, ended_at DATETIME(3) NULL,
     KEY (state, cloud), KEY (place_id, created_at), KEY (parent), KEY (message_key))`,
  `CREATE TABLE step (
     job VARCHAR(12) NOT NULL, ordinal INT NOT NULL, step_key VARCHAR(190) NOT NULL, name VARCHAR(64) NOT NULL,
     stage VARCHAR(64) NOT NULL, input MEDIUMTEXT NOT NULL, label TEXT NOT NULL, state VARCHAR(10) NOT NULL,
     attempt INT NOT NULL DEFAULT 0, note TEXT NOT NULL, checkpoint MEDIUMTEXT NULL, checkpoint_at DATETIME(3) NULL,
     output MEDIUMTEXT NULL, question TEXT NULL, answer VARCHAR(64) NULL, answered_by VARCHAR(64) NULL,
     until DATETIME(3) NULL, started_at DATETIME(3) NULL, ended_at DATETIME(3) NULL,
     PRIMARY KEY (job, step_key), KEY (job, ordinal))`,
  `CREATE TABLE vote (
     job VARCHAR(12) NOT NULL, human VARCHAR(64) NOT NULL, account VARCHAR(190) NOT NULL, choice VARCHAR(4) NOT NULL,
     plan_hash CHAR(64) NOT NULL, reason TEXT NULL, at DATETIME(3) NOT NULL, PRIMARY KEY (job, human))`,
  `CREATE TABLE claim (what VARCHAR(190) NOT NULL PRIMARY KEY, job VARCHAR(12) NOT NULL, KEY (job))`,
  `CREATE TABLE delivery (
     id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, delivery_key VARCHAR(190) NOT NULL UNIQUE, connection VARCHAR(120) NOT NULL,
     kind VARCHAR(8) NOT NULL, job VARCHAR(12) NULL, message_key VARCHAR(190) NULL, place TEXT NOT NULL, place_id VARCHAR(190) NOT NULL,
     to_account VARCHAR(190) NULL, reply_to VARCHAR(190) NULL, report MEDIUMTEXT NULL, handle VARCHAR(190) NULL,
     wanted INT NOT NULL DEFAULT 1, posted INT NOT NULL DEFAULT 0, tried TINYINT NOT NULL DEFAULT 0, state VARCHAR(14) NOT NULL DEFAULT 'waiting',
     attempts INT NOT NULL DEFAULT 0, next_at DATETIME(3) NOT NULL, problem TEXT NULL, created_at DATETIME(3) NOT NULL,
     KEY (connection, state, next_at), KEY (job), KEY (message_key))`,
  `CREATE TABLE lease (
     kind VARCHAR(8) NOT NULL, cloud VARCHAR(64) NOT NULL, subject VARCHAR(190) NOT NULL, owner VARCHAR(64) NOT NULL, reason TEXT NOT NULL,
     job VARCHAR(12) NOT NULL, since DATETIME(3) NOT NULL, until DATETIME(3) NULL, detail MEDIUMTEXT NOT NULL, undo_line TEXT NOT NULL,
     place TEXT NOT NULL, taken_at DATETIME(3) NULL, told INT NOT NULL DEFAULT 0, PRIMARY KEY (kind, cloud, subject))`,
  `CREATE TABLE schedule (
     id VARCHAR(12) NOT NULL PRIMARY KEY, cron VARCHAR(190) NOT NULL, zone VARCHAR(64) NOT NULL, line TEXT NOT NULL, human VARCHAR(64) NOT NULL,
     account VARCHAR(190) NOT NULL, place TEXT NOT NULL, place_id VARCHAR(190) NOT NULL, paused TINYINT NOT NULL DEFAULT 0,
     next_at DATETIME(3) NULL, bounds_job VARCHAR(12) NULL, created_at DATETIME(3) NOT NULL, KEY (paused, next_at))`,
  `CREATE TABLE slot (
     schedule VARCHAR(12) NOT NULL, slot DATETIME(3) NOT NULL, job VARCHAR(12) NULL, PRIMARY KEY (schedule, slot), KEY (slot))`,
  `CREATE TABLE worker (
     name VARCHAR(120) NOT NULL, cloud VARCHAR(64) NOT NULL, version VARCHAR(32) NOT NULL, policy_hash CHAR(64) NOT NULL,
     about TEXT NULL, problem TEXT NULL, started_at DATETIME(3) NOT NULL, last_seen DATETIME(3) NOT NULL, PRIMARY KEY (name, cloud))`,
  `CREATE TABLE credential (
     cloud VARCHAR(64) NOT NULL, fingerprint CHAR(64) NOT NULL, why TEXT NOT NULL, at DATETIME(3) NOT NULL, PRIMARY KEY (cloud, fingerprint))`,
  `CREATE TABLE freeze (cloud VARCHAR(64) NOT NULL PRIMARY KEY, human VARCHAR(64) NOT NULL, reason TEXT NOT NULL, at DATETIME(3) NOT NULL)`,
  `CREATE TABLE holding (
     what VARCHAR(120) NOT NULL PRIMARY KEY, holder VARCHAR(120) NOT NULL, until DATETIME(3) NOT NULL)`,
  `CREATE TABLE artifact (
     id VARCHAR(32) NOT NULL PRIMARY KEY, job VARCHAR(12) NULL, name VARCHAR(190) NOT NULL, bytes BIGINT NOT NULL, sha256 CHAR(64) NOT NULL,
     until DATETIME(3) NOT NULL, created_at DATETIME(3) NOT NULL, KEY (job))`,
  `CREATE TABLE artifact_chunk (artifact VARCHAR(32) NOT NULL, number INT NOT NULL, content MEDIUMBLOB NOT NULL, PRIMARY KEY (artifact, number))`,
  `CREATE TABLE audit (
     seq BIGINT NOT NULL PRIMARY KEY, at DATETIME(3) NOT NULL, kind VARCHAR(32) NOT NULL, human VARCHAR(64) NULL, account VARCHAR(190) NULL,
     place VARCHAR(190) NULL, job VARCHAR(12) NULL, line TEXT NULL, detail MEDIUMTEXT NOT NULL, previous CHAR(64) NOT NULL, hash CHAR(64) NOT NULL,
     KEY (job), KEY (human, seq))`,
  `CREATE TABLE audit_head (one TINYINT NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, hash CHAR(64) NOT NULL)`,
  `INSERT INTO audit_head VALUES (1, 0, REPEAT('0', 64))`,
];
