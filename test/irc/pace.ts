import { times } from '../setup/chance.ts';

/** Seconds without a byte: two minutes in the long form. */
export const blackSeconds = times(1) > 1 ? 120 : 4;

/** What takes a minute in earnest takes a second here. */
export const quickPace = {
  registerMs: 15_000,
  settleMs: 400,
  pingMs: 1000,
  silenceMs: 4000,
  refusedMs: 60_000,
  pauseMs: () => 150,
};
