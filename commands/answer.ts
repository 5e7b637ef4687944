import { z } from 'zod';
import { control, positional, rest } from '../src/command/make.ts';

export default control({
  summary: 'Answer the question a job asks',
  examples: ['answer 7f3a abort', 'answer 7f3a move:0b1c leave'],
  role: 'operator',
  risk: 'change',
  details: ['Where a job asks more than one question, name the step first, as its card does.'],
  args: {
    id: positional(z.string(), 'the job, as its card names it'),
    words: rest(z.string(), '[STEP] CHOICE'),
  },
  run: ({ id, words }, desk) =>
    desk.answer(
      id,
      words.split(/\s+/).filter((word) => word !== ''),
    ),
});
