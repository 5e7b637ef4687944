import { UserError } from '../chat/user-error.ts';
import type { CampaignReader, CampaignWriter } from '../command/campaign.ts';
import { type Database, isDuplicate, type Rows, type Work } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import type { Job } from './job.ts';
import { dbNow, fence, type Owner } from './store.ts';

export function campaignReader(rows: Rows, cloud: string): CampaignReader {
  return {
    async of(host) {
      const found = await rows
        .selectFrom('campaign_host')
        .innerJoin('campaign', 'campaign.id', 'campaign_host.campaign')
        .select(['campaign.id', 'campaign.human'])
        .where('campaign_host.held', '=', heldAs(cloud, host))
        .executeTakeFirst();
      return found === undefined ? null : `${found.id} of ${found.human}`;
    },
  };
}

export function campaignWriter(database: Database, owner: Owner, job: Job): CampaignWriter {
  return {
    ...campaignReader(database.rows, job.cloud),
    open: (bounds) =>
      database.transaction(async (rows) => {
        await fence(rows, owner);
        if (await isThere(rows, job.id)) return;
        const { id, cloud, human, account, place_id } = job;
        const place = JSON.stringify(job.place);
        const row = { id, cloud, human, account, place, place_id, state: 'running', created_at: dbNow };
        await rows.insertInto('campaign').values(row).execute();
        for (const [ordinal, host] of bounds.hosts.entries()) await insertHost(rows, job, { host, ordinal });
        await audit(rows, { kind: 'campaign', job: id, human, detail: { what: 'opened', hosts: [...bounds.hosts] } });
      }),
  };
}

async function isThere(rows: Work, id: string): Promise<boolean> {
  return (await rows.selectFrom('campaign').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
}

async function insertHost(rows: Work, { id, cloud }: Job, host: { host: string; ordinal: number }): Promise<void> {
  const held = heldAs(cloud, host.host);
  try {
    await rows
      .insertInto('campaign_host')
      .values({ campaign: id, ...host, state: 'waiting', job: null, since: dbNow, held })
      .execute();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new UserError(`${host.host} is in another campaign since: campaign list shows it`);
  }
}

function heldAs(cloud: string, host: string): string {
  return `${cloud}/${host}`;
}
