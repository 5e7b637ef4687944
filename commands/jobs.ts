import { z } from 'zod';
import { control, flag } from '../src/command/make.ts';

export default control({
  summary: 'What is planned, waits or runs now',
  examples: ['jobs', 'jobs --all'],
  role: 'reader',
  args: { all: flag(z.boolean().default(false), 'what has ended too') },
  run: ({ all }, desk) => desk.jobs({ all }),
});
