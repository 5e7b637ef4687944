/** A campaign goes by the id of the job that was approved for it; `held` keeps a host out of two open ones. */
export const campaigns = [
  `CREATE TABLE campaign (
     id VARCHAR(12) NOT NULL PRIMARY KEY, cloud VARCHAR(64) NOT NULL, human VARCHAR(64) NOT NULL, account VARCHAR(190) NOT NULL,
     place TEXT NOT NULL, place_id VARCHAR(190) NOT NULL, state VARCHAR(8) NOT NULL, reason TEXT NULL, epoch INT NOT NULL DEFAULT 0,
     created_at DATETIME(3) NOT NULL, ended_at DATETIME(3) NULL, KEY (state))`,
  `CREATE TABLE campaign_host (
     campaign VARCHAR(12) NOT NULL, host VARCHAR(255) NOT NULL, ordinal INT NOT NULL, state VARCHAR(8) NOT NULL, job VARCHAR(12) NULL,
     since DATETIME(3) NOT NULL, held VARCHAR(320) NULL UNIQUE, PRIMARY KEY (campaign, host), KEY (host))`,
  'ALTER TABLE job ADD COLUMN campaign VARCHAR(12) NULL',
];
