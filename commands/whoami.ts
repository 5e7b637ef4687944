import { z } from 'zod';
import { control, positional } from '../src/command/make.ts';

export default control({
  summary: 'Who the policy says you are here, and what to do if it says nobody',
  examples: ['whoami', 'whoami bot'],
  role: 'reader',
  args: { bot: positional(z.literal('bot').optional(), 'bot: which vigie this is, and its chats') },
  run: ({ bot }, desk) => (bot === undefined ? desk.whoami() : desk.whoamiBot()),
});
