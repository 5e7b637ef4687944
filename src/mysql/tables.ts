import type { Generated } from 'kysely';

/** The columns of vigie's own tables, as `migrations/` makes them. TINYINT is 0 or 1; *_at and until are UTC. */
export interface Tables {
  heard: { adapter: string; message_key: string; at: Date };
  job: JobTable;
  step: StepTable;
  vote: {
    job: string;
    human: string;
    account: string;
    choice: string;
    plan_hash: string;
    reason: string | null;
    at: Date;
  };
  claim: { what: string; job: string };
  delivery: DeliveryTable;
  lease: {
    kind: string;
    cloud: string;
    subject: string;
    owner: string;
    reason: string;
    job: string;
    since: Date;
    until: Date | null;
    detail: string;
    undo_line: string;
    place: string;
    /** When it was last taken or renewed. */
    taken_at: Date | null;
    told: Generated<number>;
  };
  /** What was told of a protection that is not as it was left; `job` is the one that protected. */
  finding: { cloud: string; subject: string; what: string; job: string; told_at: Date };
  schedule: {
    id: string;
    cron: string;
    zone: string;
    line: string;
    human: string;
    account: string;
    place: string;
    place_id: string;
    paused: Generated<number>;
    next_at: Date | null;
    /** The job whose plan are the bounds: a line that changes something fires once that one is done. */
    bounds_job: string | null;
    created_at: Date;
  };
  campaign: {
    /** Of the job whose plan are the bounds. */
    id: string;
    cloud: string;
    human: string;
    account: string;
    place: string;
    place_id: string;
    state: string;
    /** Why it is paused. */
    reason: string | null;
    epoch: Generated<number>;
    created_at: Date;
    ended_at: Date | null;
  };
  campaign_host: {
    campaign: string;
    host: string;
    ordinal: number;
    state: string;
    job: string | null;
    since: Date;
    held: string | null;
  };
  slot: { schedule: string; slot: Date; job: string | null };
  worker: {
    name: string;
    cloud: string;
    version: string;
    policy_hash: string;
    about: string | null;
    problem: string | null;
    started_at: Date;
    last_seen: Date;
  };
  credential: { cloud: string; fingerprint: string; why: string; at: Date };
  freeze: { cloud: string; human: string; reason: string; at: Date };
  holding: { what: string; holder: string; until: Date };
  artifact: {
    id: string;
    job: string | null;
    name: string;
    bytes: number;
    sha256: string;
    until: Date;
    created_at: Date;
  };
  artifact_chunk: { artifact: string; number: number; content: Buffer };
  backup: BackupTable;
  audit: AuditTable;
  audit_head: { one: number; seq: number; hash: string };
  migration: { name: string; at: Date };
}

export interface JobTable {
  id: string;
  state: string;
  kind: string;
  command: string;
  line: string;
  cloud: string;
  human: string;
  account: string;
  place: string;
  place_id: string;
  message_key: string;
  reply_to: string | null;
  parent: string | null;
  predecessor: string | null;
  successor: string | null;
  schedule: string | null;
  plan: string | null;
  /** The plan's. */
  title: string | null;
  plan_hash: string | null;
  risk: string | null;
  size: Generated<number>;
  approval: string | null;
  break_glass: string | null;
  policy_hash: string | null;
  worker: string | null;
  lease_until: Date | null;
  epoch: Generated<number>;
  wish: string | null;
  wish_by: string | null;
  looked: Generated<number>;
  reason: string | null;
  report: string | null;
  until: Date | null;
  revision: Generated<number>;
  warned: Generated<number>;
  /** 1 once people were called again before it expires. */
  called: Generated<number>;
  /** What a standing approval is asked for; null on every job that does something. */
  standing: string | null;
  /** The campaign that opened it. */
  campaign: string | null;
  created_at: Date;
  planned_at: Date | null;
  decided_at: Date | null;
  started_at: Date | null;
  ended_at: Date | null;
}

export interface StepTable {
  job: string;
  ordinal: number;
  step_key: string;
  name: string;
  stage: string;
  input: string;
  label: string;
  state: string;
  attempt: Generated<number>;
  note: string;
  checkpoint: string | null;
  checkpoint_at: Date | null;
  output: string | null;
  question: string | null;
  answer: string | null;
  answered_by: string | null;
  until: Date | null;
  started_at: Date | null;
  ended_at: Date | null;
}

export interface DeliveryTable {
  id: Generated<number>;
  delivery_key: string;
  connection: string;
  kind: string;
  job: string | null;
  message_key: string | null;
  place: string;
  place_id: string;
  to_account: string | null;
  reply_to: string | null;
  report: string | null;
  handle: string | null;
  wanted: Generated<number>;
  posted: Generated<number>;
  /** 1 while a post may have left without its answer having been seen. */
  tried: Generated<number>;
  state: Generated<string>;
  attempts: Generated<number>;
  next_at: Date;
  problem: string | null;
  created_at: Date;
}

export interface BackupTable {
  name: string;
  cloud: string;
  server: string;
  host: string;
  path: string;
  state: string;
  why: string;
  facts: string;
  job: string;
  dumped_at: Date;
  proven_at: Date | null;
  restore_seconds: number | null;
  removed_at: Date | null;
}

export interface AuditTable {
  seq: number;
  at: Date;
  kind: string;
  human: string | null;
  account: string | null;
  place: string | null;
  job: string | null;
  line: string | null;
  detail: string;
  previous: string;
  hash: string;
}
