/** What was dumped, where it lies, and whether it was restored since. */
export const backups = [
  `CREATE TABLE backup (
     name VARCHAR(190) NOT NULL PRIMARY KEY, cloud VARCHAR(64) NOT NULL, server VARCHAR(32) NOT NULL, host VARCHAR(190) NOT NULL,
     path TEXT NOT NULL, state VARCHAR(10) NOT NULL, why TEXT NOT NULL, facts MEDIUMTEXT NOT NULL, job VARCHAR(12) NOT NULL,
     dumped_at DATETIME(3) NOT NULL, proven_at DATETIME(3) NULL, restore_seconds DOUBLE NULL, removed_at DATETIME(3) NULL,
     KEY (cloud, removed_at, dumped_at))`,
];
