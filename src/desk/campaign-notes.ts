import { type Reply, type Report, text } from '../chat/report.ts';
import { list } from '../command/words.ts';
import { inWork } from '../jobs/campaign.ts';
import { burnDown } from '../jobs/campaign-words.ts';
import type { CampaignRow } from '../jobs/campaigns.ts';

/** A host's turn is over. */
export function burnDownNote(campaign: CampaignRow, host: string): Report {
  return { ...line(campaign, `${host} is done; ${burnDown(campaign)}`, 'good'), blocks: [] };
}

/** Now a person works on it. */
export function emptyNote(campaign: CampaignRow, host: string): Report {
  return {
    ...line(campaign, `${host} is empty: do its work, then say that it is done`, 'plain'),
    replies: [{ label: `${host} is done`, line: `campaign done ${host} ${campaign.id}` }],
  };
}

export function overNote(campaign: CampaignRow): Report {
  const aside = campaign.turns.filter(({ state }) => state === 'aside').map(({ host }) => host);
  const over = burnDown({ ...campaign, state: 'done' });
  return {
    ...line(campaign, `over: ${over}`, aside.length === 0 ? 'good' : 'warn'),
    blocks: aside.length === 0 ? [] : [text(`left aside: ${list(aside, 20)}`)],
  };
}

export function pausedNote(campaign: CampaignRow, why: string, stuck: readonly string[]): Report {
  return {
    ...line(campaign, `paused: ${why}`, 'bad'),
    blocks: [text(burnDown(campaign))],
    replies: [
      { label: stuck.length === 0 ? 'Go on' : 'Try it again', line: `campaign resume ${campaign.id}` },
      ...closedOf(campaign, stuck).map(
        (host): Reply => ({ label: `Open ${host}`, line: `campaign done ${host} ${campaign.id}` }),
      ),
      ...stuck.map(
        (host): Reply => ({ label: `Leave ${host} aside`, line: `campaign resume ${campaign.id} --aside ${host}` }),
      ),
      { label: 'Stop', line: `campaign stop ${campaign.id}` },
    ],
  };
}

function closedOf({ turns }: CampaignRow, hosts: readonly string[]): string[] {
  return hosts.filter((host) => turns.some((turn) => turn.host === host && turn.closed === 'ours'));
}

/** What is done, in work and left, when a person stops it. */
export function stoppedReport(campaign: CampaignRow): Report {
  const named = (wanted: (state: CampaignRow['turns'][number]['state']) => boolean) =>
    campaign.turns.filter(({ state }) => wanted(state)).map(({ host }) => host);
  const fields: [string, string[]][] = [
    ['done', named((state) => state === 'done')],
    ['in work', named(inWork)],
    ['failed', named((state) => state === 'failed')],
    ['left aside', named((state) => state === 'aside')],
    ['not begun', named((state) => state === 'waiting')],
  ];
  return {
    ...line(campaign, 'stopped: no other host is begun', 'plain'),
    blocks: [
      {
        kind: 'fields',
        fields: fields.flatMap(([what, hosts]) => (hosts.length === 0 ? [] : [[what, list(hosts, 40)]])),
      },
      ...leftBehind(campaign).map(text),
    ],
    replies: campaign.turns.flatMap((turn) => waysOut(turn, campaign.asked.cloud)),
  };
}

function leftBehind({ turns }: CampaignRow): string[] {
  const closed = turns.filter(({ closed: by }) => by === 'ours').map(({ host }) => host);
  const running = turns.filter(({ state, job }) => job !== null && (state === 'draining' || state === 'opening'));
  return [
    ...running.map(({ host, job }) => `${host}: ${job?.id} goes on to its end`),
    ...(closed.length === 0 ? [] : [`closed until somebody opens them: ${list(closed, 20)}`]),
  ];
}

function waysOut({ host, state, job, closed }: CampaignRow['turns'][number], cloud: string): Reply[] {
  if (state === 'draining' && job !== null) return [{ label: `Cancel the drain of ${host}`, line: `cancel ${job.id}` }];
  return closed === 'ours' && state !== 'opening'
    ? [{ label: `Open ${host}`, line: `maintenance ${host} off --cloud ${cloud}` }]
    : [];
}

function line({ id, asked }: CampaignRow, what: string, tone: Report['tone']): Report {
  return { title: `campaign ${id}: ${what}`, tone, blocks: [], footer: `${asked.cloud} · asked by ${asked.human}` };
}
