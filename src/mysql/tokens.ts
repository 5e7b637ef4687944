import { hostname } from 'node:os';
import { type ArchiveSettings, archiveOf, openPlace, type Place } from '../archive/place.ts';
import { UserError } from '../chat/user-error.ts';
import type { OwnToken, Tokens } from '../openstack/cloud.ts';
import { keystoneOf } from './keystone-db.ts';
import { type OperatorPool, openOperatorPool } from './operator-pool.ts';
import { lagOf } from './replica-lag.ts';
import { createTokenIndex } from './token-index.ts';
import { restoreInto, scratchTables } from './token-restore.ts';
import { expiredLeft, surveyRevocations, surveyTokens } from './token-survey.ts';
import { openSweep } from './token-sweep.ts';

interface Parts {
  readonly cloud: string;
  readonly keystone: OperatorPool | null;
  readonly dsns: {
    readonly keystoneWriter?: string | null;
    readonly keystoneReplicas?: readonly string[];
    readonly scratch?: string | null;
  };
  readonly archive: ArchiveSettings | null | undefined;
  readonly ownToken: (() => Promise<OwnToken>) | undefined;
  readonly now: () => Date;
}

/** Archives, purges and restores of one cloud's tokens. What changes them goes through an account of its own, if there is one. */
export function connectTokens({
  cloud,
  keystone,
  dsns,
  archive,
  ownToken,
  now,
}: Parts): Tokens & { close(): Promise<void> } {
  const own = dsns.keystoneWriter ? openOperatorPool(dsns.keystoneWriter, `keystone's database of ${cloud}`) : null;
  const replicas = (dsns.keystoneReplicas ?? []).map((dsn, index) =>
    openOperatorPool(dsn, `replica ${index + 1} of keystone's database of ${cloud}`),
  );
  const scratch = dsns.scratch ? openOperatorPool(dsns.scratch, `the scratch database of ${cloud}`) : null;
  const writer = (): OperatorPool => keystoneOf({ cloud, keystone: own ?? keystone });
  const place = (): Place => openPlace(archive, cloud);
  return {
    tokenSurvey: (cutoff, limits) => surveyTokens(writer(), { cutoff, replicas: replicas.length }, limits),
    revocationSurvey: (cutoff, limits) => surveyRevocations(writer(), { cutoff, replicas: replicas.length }, limits),
    tokenLifetimeMs: async () => (await ownToken?.())?.lifetimeMs ?? null,
    expiredLeft: (table, cutoff, limitMs) => expiredLeft(writer(), { table, cutoff }, limitMs),
    async replicaTroubles() {
      const lags = await Promise.all(replicas.map(lagOf));
      return lags.flatMap(({ trouble, lasting }) => (trouble === null ? [] : [{ trouble, lasting }]));
    },
    async archivePlace() {
      const { folder, sealTo, keyIdOf, freeBytes } = place();
      const key = sealTo();
      return { host: hostname(), folder, freeBytes: await freeBytes(), keyId: key === null ? null : keyIdOf(key) };
    },
    async archives(name) {
      const parts = (await place().parts()).filter((part) => isOf(cloud, part.name));
      return name === undefined ? parts : parts.filter((part) => part.name === name || archiveOf(part.name) === name);
    },
    scratch: () => scratchTables(scratchOf(scratch, cloud)),
    opens: (id) => canOpen(place(), id),
    openSweep: (order, mark) => openSweep({ cloud, keystone: writer(), replicas, place, now }, order, mark),
    createTokenIndex: (index, limits) => createTokenIndex(writer(), index, limits),
    restore: (path, from) => restoreInto(scratchOf(scratch, cloud), { place: place(), path, from }),
    async close() {
      await Promise.all([own, scratch, ...replicas].map((pool) => pool?.close()));
    },
  };
}

/** Clouds may share a folder; who may see one may not see the other. */
function isOf(cloud: string, name: string): boolean {
  const start = `tokens-${cloud}-`;
  return name.startsWith(start) && /^\d{8}-/.test(name.slice(start.length));
}

function scratchOf(scratch: OperatorPool | null, cloud: string): OperatorPool {
  if (scratch !== null) return scratch;
  throw new UserError(`no scratch database of ${cloud}: add the DSN of an empty one as vigie.scratch in clouds.yaml`);
}

function canOpen(place: Place, id: string | null): boolean {
  try {
    place.openWith(id);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
