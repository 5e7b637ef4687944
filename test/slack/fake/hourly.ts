/** Slack tells an app of so many events of a workspace within an hour; of the others only that there were too many. */
export interface Hourly {
  /** Whether one more may go; `says`: that it may not is to be told, once a minute. */
  take(): { readonly goes: boolean; readonly says: boolean };
}

const [minute, hour] = [60_000, 3_600_000];

export function makeHourly(most: number, now: () => number): Hourly {
  let [begun, told, count] = [now(), Number.NEGATIVE_INFINITY, 0];
  return {
    take() {
      if (now() - begun >= hour) [begun, count] = [now(), 0];
      count += 1;
      const says = count > most && now() - told >= minute;
      if (says) told = now();
      return { goes: count <= most, says };
    },
  };
}
