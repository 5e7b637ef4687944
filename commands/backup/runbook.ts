import { z } from 'zod';
import { runbookReport } from '../../src/command/backup/runbook.ts';
import { positional, query } from '../../src/command/make.ts';

const Name = z.string().regex(/^[\w.-]{1,190}$/, 'a dump is named as backup list names it');

export default query({
  summary: 'What to type, by hand, to restore production from a dump',
  examples: ['backup runbook', 'backup runbook dump-prod-eu-main-20261129-7f3a.sql.zst.sealed'],
  role: 'operator',
  details: [
    'Production is never restored from chat. Where clouds.yaml names no servers any more, name the dump: backup list has them.',
  ],
  args: { name: positional(Name.optional(), 'the dump (default: the last proven one of each server)') },
  answer: ({ name }, context) => runbookReport(name, context),
});
