import { z } from 'zod';
import { control, option, positional, rest } from '../../src/command/make.ts';

export default control({
  summary: 'Say a line again and again, in this place',
  examples: ['schedule add "0 7 * * 1-5" tokens count', 'schedule add "0 22 * * *" --tz Europe/Paris protected'],
  role: 'operator',
  risk: 'change',
  details: [
    'CRON has five fields: minute, hour, day of month, month, day of week. Times are UTC unless --tz says otherwise.',
    'Your rights are looked at each time it fires. A line that changes something needs a standing approval first.',
  ],
  args: {
    cron: positional(z.string(), 'when, as five cron fields in quotes'),
    tz: option(z.string().optional(), 'time zone, as Europe/Paris'),
    line: rest(z.string().min(1), 'the line, without prefix'),
  },
  run: ({ cron, tz, line }, desk) => desk.scheduleAdd({ cron, zone: tz ?? null, line }),
});
