import { z } from 'zod';
import { Until } from '../../src/command/args.ts';
import { control, option, positional, rest } from '../../src/command/make.ts';

export default control({
  summary: 'Say a line again and again, in this place',
  examples: [
    'schedule add "0 7 * * 1-5" tokens count',
    'schedule add "0 22 * * *" --tz Europe/Paris protected',
    'schedule add "0 2 * * 6" --max 20 --until 2027-03-31 maintenance cmp1',
  ],
  role: 'operator',
  risk: 'change',
  details: [
    'CRON has five fields: minute, hour, day of month, month, day of week. Times are UTC unless --tz says otherwise.',
    'Your rights are looked at each time it fires. A line that changes something needs a standing approval first:',
    'its plan of today is shown, others approve it once as bounds, and what stays within --max and --until runs by itself.',
    'A line with options of its own that schedule add has too (--until) goes in quotes.',
  ],
  args: {
    cron: positional(z.string(), 'when, as five cron fields in quotes'),
    tz: option(z.string().optional(), 'time zone, as Europe/Paris'),
    max: option(
      z.coerce.number<string>('write how many, as 20').int('write a whole number').min(1).max(100_000).optional(),
      'a line that changes something: how many servers, hosts or rows it may touch at a time',
    ),
    until: option(Until.optional(), 'a line that changes something: until when it may run by itself'),
    line: rest(z.string().min(1), 'the line'),
  },
  run: ({ cron, tz, max, until, line }, desk) =>
    desk.scheduleAdd({ cron, zone: tz ?? null, max: max ?? null, until: until ?? null, line }),
});
