import { setTimeout as delay } from 'node:timers/promises';
import type { Stage } from '../stories/stage.ts';
import type { Troop } from './moments.ts';

interface Struck {
  /** The worker that has the job. */
  readonly owner: string;
  kill(): Promise<void>;
  freeze(): Promise<void>;
  random(): number;
}

/** One trouble of any kind. Returns whose job it can no longer be: another owner is waited for before the next. */
export async function strikeAnything(stage: Stage, troop: Troop, struck: Struck): Promise<string> {
  const { owner, random } = struck;
  const { control } = stage.cloud;
  const worker = (strike: () => Promise<void>) => async () => {
    await strike();
    return owner;
  };
  const beside = (strike: () => unknown) => async () => {
    await strike();
    return '';
  };
  const troubles: Record<string, () => Promise<string>> = {
    'kills the worker': worker(struck.kill),
    'freezes the worker': worker(struck.freeze),
    'kills the bot': beside(() => {
      troop.bots.at(-1)?.signal('SIGKILL');
      troop.bots.push(troop.startBot());
    }),
    'freezes the bot': beside(async () => {
      const bot = troop.bots.at(-1);
      bot?.signal('SIGSTOP');
      await delay(4000);
      bot?.signal('SIGCONT');
    }),
    ...(control === null
      ? {}
      : {
          'six times 500': beside(() => control.wire({ path: '/servers|/os-', status: 500, times: 6 })),
          // Longer than a worker waits; the request is carried out all the same.
          'three answers too late': beside(() => control.wire({ path: '/servers|/os-', delay: 100_000, times: 3 })),
          'restarts the cloud': beside(() => control.away(60)),
        }),
  };
  const names = Object.keys(troubles);
  const name = names[Math.floor(random() * names.length)] ?? '';
  console.info(`seeded trouble: ${name}`);
  return (await troubles[name]?.()) ?? '';
}

/** What was ordered and nobody ran into is run into here, until the cloud is well. */
export async function drainFaults({ cloud }: Stage): Promise<void> {
  if (cloud.control === null) return;
  for (let well = 0; well < 3; ) {
    const status = await cloud.admin.call('GET', '/servers').then(
      (answer) => answer.status,
      () => 0,
    );
    well = status === 200 ? well + 1 : 0;
  }
}
