import { type Report, say, text } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import type { Turn } from '../jobs/campaign.ts';
import { burnDown } from '../jobs/campaign-words.ts';
import { type CampaignRow, latestCampaigns, readCampaign } from '../jobs/campaigns.ts';
import type { Sitting } from './desk.ts';

/** Those that are open and the newest that are over; of one, every host. */
export async function listCampaigns(sitting: Sitting, id: string | null): Promise<Report> {
  const now = await sitting.database.now();
  if (id !== null) return oneCampaign(await readCampaign(sitting.rows, id.toLowerCase().replace(/^#/, ''), now), id);
  const found: CampaignRow[] = [];
  for (const one of await latestCampaigns(sitting.rows)) {
    const campaign = await readCampaign(sitting.rows, one, now);
    if (campaign !== null) found.push(campaign);
  }
  if (found.length === 0) return say('there is no campaign; help campaign add shows how');
  const rows = found.map((one) => [one.id, one.state, one.asked.cloud, burnDown(one), one.asked.human, one.asked.line]);
  const open = found.filter(({ state }) => state === 'running' || state === 'paused').length;
  return {
    title: `${open} open ${open === 1 ? 'campaign' : 'campaigns'}`,
    tone: 'plain',
    blocks: [{ kind: 'table', columns: ['campaign', 'state', 'cloud', 'how far', 'by', 'line'], rows }],
  };
}

function oneCampaign(campaign: CampaignRow | null, typed: string): Report {
  if (campaign === null) throw new UserError(`there is no campaign ${typed}: type campaign list`);
  const { id, state, reason, turns, asked } = campaign;
  const rows = turns.map((turn) => [turn.host, turn.state, turn.job?.id ?? '', notes(turn, id)]);
  return {
    title: `campaign ${id}: ${burnDown(campaign)}`,
    tone: state === 'paused' ? 'warn' : 'plain',
    blocks: [
      ...(reason === null ? [] : [text(`paused: ${reason}`)]),
      { kind: 'table', columns: ['host', 'state', 'job', ''], rows },
    ],
    ...(state === 'running' || state === 'paused' ? { replies: replies(campaign) } : {}),
    footer: `${asked.cloud} · asked by ${asked.human} · ${asked.line}`,
  };
}

function notes({ host, state, job, closed }: Turn, campaign: string): string {
  if (state === 'working') return `its work: then campaign done ${host} ${campaign}`;
  if (job?.state === 'awaiting') return 'waits for approval';
  if (state === 'failed') return job?.told ?? '';
  return closed === null || state === 'draining' || state === 'opening' ? '' : 'closed';
}

function replies({ id, state, turns }: CampaignRow) {
  const working = turns.filter((turn) => turn.state === 'working').slice(0, 3);
  return [
    ...working.map(({ host }) => ({ label: `${host} is done`, line: `campaign done ${host} ${id}` })),
    state === 'paused'
      ? { label: 'Go on', line: `campaign resume ${id}` }
      : { label: 'Pause', line: `campaign pause ${id}` },
    { label: 'Stop', line: `campaign stop ${id}` },
  ];
}
