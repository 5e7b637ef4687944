import { windowOf } from '../command/window.ts';
import { list } from '../command/words.ts';
import { type Campaign, heldBack, inWork, nextTurn, type Turn } from './campaign.ts';

/** `12 of 40 done, 2 in work, 1 left aside; next: cmp7 at 22:00 UTC`. */
export function burnDown(campaign: Campaign): string {
  const { turns } = campaign;
  const number = (wanted: (turn: Turn) => boolean) => turns.filter(wanted).length;
  const parts = [
    [number(({ state }) => inWork(state)), 'in work'],
    [number(({ state }) => state === 'failed'), 'failed'],
    [number(({ state }) => state === 'aside'), 'left aside'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `, ${count} ${what}`);
  const waits = waitsFor(campaign);
  return `${number(({ state }) => state === 'done')} of ${turns.length} done${said.join('')}${waits === '' ? '' : `; ${waits}`}`;
}

/** Whom or what it waits for; empty only where it has ended. */
export function waitsFor(campaign: Campaign): string {
  switch (campaign.state) {
    case 'stopped':
    case 'done':
      return '';
    case 'paused':
      return 'paused';
    case 'running':
      return `next: ${next(campaign)}`;
  }
}

function next(campaign: Campaign): string {
  const turn = nextTurn(campaign);
  if (turn === null) return last(campaign);
  const back = heldBack(campaign, turn);
  switch (back?.by) {
    case undefined:
      return `${turn.host} now`;
    case 'window':
      return `${turn.host} at ${opening(campaign)}`;
    case 'canary':
      return `${turn.host} once ${list(back.hosts, 3)} ${back.hosts.length === 1 ? 'is' : 'are'} done (canary)`;
    case 'drain':
      return `${turn.host} once ${list(back.hosts, 3)} ${back.hosts.length === 1 ? 'is' : 'are'} empty`;
    case 'others':
      return `${turn.host} once ${back.hosts.length === 1 ? back.hosts[0] : `one of ${list(back.hosts, 3)}`} is open again`;
  }
}

function opening({ bounds }: Campaign): string {
  const window = bounds.window === null ? null : windowOf(bounds.window);
  return window === null ? 'its time' : `${window.words.split('-')[0]?.trim()} ${window.zone}`;
}

/** Nobody is left to begin. */
function last({ turns }: Campaign): string {
  const others = turns.filter(({ state, closed }) => state === 'waiting' && closed === 'another');
  if (others.length > 0)
    return `${list(
      others.map(({ host }) => host),
      3,
    )} once open again (another hand closed it)`;
  const working = turns.filter(({ state }) => inWork(state)).map(({ host }) => host);
  return working.length > 0 ? `none after ${list(working, 3)}` : 'none';
}
