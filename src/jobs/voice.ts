import type { Adapter } from '../chat/message.ts';
import type { Report } from '../chat/report.ts';
import { type Asked, openAsked } from './asked.ts';
import type { DueParts } from './due.ts';

export interface DeliverParts extends DueParts {
  readonly adapter: Adapter;
  readonly prefix: string;
  /** Whether this bot is still the one that speaks on the connection; prolongs it where that is due. */
  mayGoOn(): Promise<boolean>;
  /** The same by its own clock, at this very moment: a bot that was frozen must not say what another said meanwhile. */
  mine(): boolean;
}

/** One connection's voice. Lost at a restart, on purpose: the rows tell again what is due. */
export interface Voice {
  /** What each card last showed in its place, so that a chat can say only what changed. */
  readonly shown: Map<string, Shown>;
  /** Where no more can be begun just now, by `earOf`: what comes next there waits, what goes elsewhere does not. */
  readonly busy: Set<string>;
  /** The rows that are being said. */
  readonly underWay: Map<number, UnderWay>;
  /** By place, what is about to begin there: it does in order, whoever it is for. */
  readonly beginning: Map<string, Promise<unknown>>;
  /** What is asked here, and not answered yet. */
  readonly asked: Asked;
  /** There may have been more to say than was begun: to be looked at again when there is room. */
  more: boolean;
  /** So many rows were due at the last look. */
  found: number;
  /** There is room again. */
  look(): void;
}

interface UnderWay {
  readonly ear: string;
  /** Resolves once it is known whether what comes next may be said; never rejects. */
  readonly fine: Promise<boolean>;
}

interface Shown {
  readonly report: Report;
  /** What people were told then; another one is news. */
  readonly news: string;
}

export function openVoice(look: () => void = () => undefined): Voice {
  return {
    shown: new Map(),
    busy: new Set(),
    underWay: new Map(),
    beginning: new Map(),
    asked: openAsked(look),
    more: false,
    found: 0,
    look,
  };
}
