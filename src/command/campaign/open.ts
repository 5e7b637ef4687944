import type { Report } from '../../chat/report.ts';
import type { EndedJob, StepContext } from '../command.ts';
import { done, type Outcome } from '../outcome.ts';
import { count } from '../words.ts';
import { CampaignBounds } from './bounds.ts';
import { fieldsOf } from './campaign-plan.ts';

/** Nothing is touched by it: from now on the hosts are worked through. */
export async function openCampaign(bounds: CampaignBounds, { campaigns }: StepContext): Promise<Outcome> {
  await campaigns.open(bounds);
  return done(`${count(bounds.hosts.length, 'host')}, one after the other`);
}

export function campaignReport({ id, cloud, state, steps }: EndedJob): Report {
  const [only] = steps;
  const bounds = CampaignBounds.safeParse(only?.input);
  if (state !== 'done' || !bounds.success)
    return { title: `campaign ${id} was not opened: ${only?.note ?? state}`, tone: 'bad', blocks: [] };
  return {
    title: `campaign ${id} is open: ${count(bounds.data.hosts.length, 'host')}, first ${bounds.data.hosts[0]}`,
    tone: 'good',
    blocks: [{ kind: 'fields', fields: fieldsOf(bounds.data) }],
    replies: [
      { label: 'How far it is', line: `campaign list ${id}` },
      { label: 'Pause', line: `campaign pause ${id}` },
      { label: 'Stop', line: `campaign stop ${id}` },
    ],
    footer: cloud,
  };
}
