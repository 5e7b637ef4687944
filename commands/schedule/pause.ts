import { z } from 'zod';
import { control, flag, positional } from '../../src/command/make.ts';

export default control({
  summary: 'Keep a saved line from firing, or let it fire again',
  examples: ['schedule pause 4c1e', 'schedule pause 4c1e --off'],
  role: 'operator',
  risk: 'change',
  args: {
    id: positional(z.string(), 'the schedule, as schedule list names it'),
    off: flag(z.boolean().default(false), 'end the pause'),
  },
  run: ({ id, off }, desk) => desk.schedulePause(id, !off),
});
