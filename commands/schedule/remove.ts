import { z } from 'zod';
import { control, positional } from '../../src/command/make.ts';

export default control({
  summary: 'Forget a saved line',
  examples: ['schedule remove 4c1e'],
  role: 'operator',
  risk: 'change',
  args: { id: positional(z.string(), 'the schedule, as schedule list names it') },
  run: ({ id }, desk) => desk.scheduleRemove(id),
});
