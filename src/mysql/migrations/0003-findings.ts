/** What was found wrong with a protection and told: once, until it is well again. */
export const findings = [
  `CREATE TABLE finding (
     cloud VARCHAR(64) NOT NULL, subject VARCHAR(190) NOT NULL, what VARCHAR(32) NOT NULL, job VARCHAR(12) NOT NULL,
     told_at DATETIME(3) NOT NULL, PRIMARY KEY (cloud, subject, what, job))`,
];
