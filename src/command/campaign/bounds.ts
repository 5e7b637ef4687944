import { z } from 'zod';
import { quoteWords } from '../../chat/parse.ts';
import { HostName } from '../../openstack/names.ts';
import { Frame } from '../frame.ts';

/** What was approved once for every host of a campaign. It is the input of its only step, so the plan's hash covers it. */
export const CampaignBounds = Frame.extend({
  cloud: z.string(),
  /** In this order. */
  hosts: z.array(HostName).min(2),
  maxUnavailable: z.number().int().min(1),
  canary: z.number().int().min(0),
  /** `22:00-04:00 Europe/Zurich`: hosts are closed only then. Null is at any time. */
  window: z.string().nullable(),
  /** Null: the approval ends with the last host. */
  until: z.iso.datetime().nullable(),
  /** The largest number of servers on a host that is emptied without asking. */
  servers: z.number().int().min(1),
  reason: z.string(),
  hooks: z.array(z.string()),
  /** The operators' own program that does the work on an empty host; null: a person does, and says so. */
  work: z.string().nullable(),
});
export type CampaignBounds = z.output<typeof CampaignBounds>;

/** What emptying a host and opening it again take; nothing harsher. A running guest moves cold only where its owner asks for that. */
export function frameOf(cloud: string, hosts: readonly string[]): Frame {
  return {
    subjects: hosts.map((host) => `host:${cloud}/${host}`),
    acts: [
      { verdict: 'disable', weight: 1 },
      { verdict: 'live', weight: 2 },
      { verdict: 'cold', weight: 4 },
      { verdict: 'wait', weight: 2 },
      { verdict: 'enable', weight: 3 },
      { verdict: 'put back', weight: 2 },
      { verdict: 'forget', weight: 1 },
    ],
    steps: ['cordon', 'move', 'gate', 'newcomers', 'proof', 'hook', 'up', 'ready', 'restore'],
  };
}

/** The line of the job that empties a host. */
export function drainLine({ reason, hooks, cloud }: CampaignBounds, host: string): string {
  const named = hooks.length === 0 ? [] : ['--hook', hooks.join(',')];
  return quoteWords([
    ...bare('maintenance', host, '--reason'),
    { text: reason, quoted: true },
    ...bare(...named, '--cloud', cloud),
  ]);
}

/** The line of the job that opens a host again; `works`: once the program that does the work there has ended well. */
export function openLine({ work, cloud }: CampaignBounds, host: string, works: boolean): string {
  const program = work === null || !works ? [] : ['--work', work];
  return quoteWords(bare('maintenance', host, 'off', ...program, '--cloud', cloud));
}

function bare(...words: readonly string[]) {
  return words.map((text) => ({ text, quoted: false }));
}
