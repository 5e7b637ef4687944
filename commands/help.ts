import { z } from 'zod';
import { control, rest } from '../src/command/make.ts';

export default control({
  summary: 'What you may do here; how one command is typed; commands by words',
  examples: ['help', 'help maintenance', 'help token'],
  role: 'reader',
  args: { words: rest(z.string().default(''), 'a command, or words to look for') },
  run: ({ words }, desk) => desk.help(words),
});
