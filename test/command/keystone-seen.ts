import type { TokenSurvey, TokenTable } from '../../src/openstack/cloud.ts';

/** A million tokens of Juno's or a newer UUID provider, nine in ten of them expired, and one index lost. */
export const table: TokenTable = {
  exists: true,
  provider: 'uuid',
  stored: true,
  indexes: [],
  estimate: 900_000,
  dataBytes: 4 * 1024 ** 3,
  counts: { live: 90_000, expired: 900_000, revoked: 10_000 },
  histogram: [{ day: '2026-11-28', rows: 31_000 }],
  oldest: new Date('2026-08-01T00:00:00Z'),
  seconds: 0.2,
};

export const survey: TokenSurvey = {
  expired: 890_000,
  expiresIndex: 'ix_token_expires',
  schema: 67,
  indexNames: ['PRIMARY', 'ix_token_expires', 'ix_token_expires_valid', 'ix_token_user_id'],
  columns: ['id', 'expires', 'extra', 'valid', 'trust_id', 'user_id'],
  galera: null,
  replicas: 0,
  server: '10.11.19-MariaDB',
};
