import { z } from 'zod';
import type { SweptTable } from '../../openstack/cloud.ts';

export const Swept = z.enum(['token', 'revocation_event'], 'the tables that are purged are token and revocation_event');

interface Words {
  readonly one: string;
  /** Old enough to go. */
  readonly old: string;
  /** How its age is said. */
  readonly did: string;
  /** What a purge leaves, and why. */
  readonly stays: string;
}

export const sweptWords: Readonly<Record<SweptTable, Words>> = {
  token: {
    one: 'token',
    old: 'expired token',
    did: 'expired',
    stays: 'Tokens that have not expired stay, revoked ones too: they are the revocation list.',
  },
  revocation_event: {
    one: 'revocation',
    old: 'old revocation',
    did: 'was made',
    stays: 'Younger revocations stay: they may still be all that keeps a token from working.',
  },
};
