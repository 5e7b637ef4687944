import { randomBytes } from 'node:crypto';
import { refuse } from '../chat/report.ts';
import { pauseBroken } from '../jobs/campaigns.ts';
import { connectionOf, insertNote } from '../jobs/deliveries.ts';
import type { Log } from '../log.ts';
import type { Database } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import type { Opened } from './open-jobs.ts';

interface Parts {
  readonly database: Database;
  readonly log: Log;
}

/** A bug in a campaign is told once, with the number under which the log has it; the campaign waits for a person. */
export async function tellBrokenCampaign({ database, log }: Parts, id: string, error: unknown): Promise<Opened[]> {
  const trouble = randomBytes(2).toString('hex');
  const rings = await database.transaction(async (rows): Promise<Opened[]> => {
    const place = await pauseBroken(rows, id, trouble);
    if (place === null) return [];
    await audit(rows, { kind: 'campaign', detail: { campaign: id, what: 'broke', because: trouble } });
    const key = `campaign:${id}:broken:${trouble}`;
    const what = `campaign ${id} is paused: something broke, ${trouble}; the log has it under that number`;
    const replies = [
      { label: 'Go on', line: `campaign resume ${id}` },
      { label: 'Stop', line: `campaign stop ${id}` },
    ];
    await insertNote(rows, { key, place, report: { ...refuse(what), replies } });
    return [{ queue: `say-${connectionOf(place.id)}`, id: key, once: key }];
  });
  if (rings.length > 0) log.error({ err: error, trouble, campaign: id }, 'a campaign broke');
  return rings;
}
