import { z } from 'zod';
import { CopyInput, copyDump } from '../../src/command/backup/dump-step.ts';
import { KeepInput, removeOlder } from '../../src/command/backup/keep-step.ts';
import { provePlan } from '../../src/command/backup/prove-plan.ts';
import { ProveInput, proveBackup } from '../../src/command/backup/prove-step.ts';
import { backupReport } from '../../src/command/backup/run-report.ts';
import { change, positional, step } from '../../src/command/make.ts';

const Name = z.string().regex(/^[\w.-]{1,190}$/, 'a dump is named as backup list names it');

export default change({
  summary: 'Restore a dump into a throw-away server and look at everything in it',
  examples: ['backup prove', 'backup prove dump-prod-eu-main-20261129-7f3a.sql.zst.sealed'],
  role: 'operator',
  risk: 'change',
  details: [
    'Without a name: the newest dump of each server. The server is of the source’s flavour and major version, and gone afterwards.',
    'A dump that was refused as too small is proven by its name only: that accepts it, and asks for a vote. A monthly drill is a schedule of this line.',
  ],
  args: { name: positional(Name.optional(), 'the dump, as backup list names it') },
  steps: {
    copy: step(CopyInput, copyDump),
    prove: step(ProveInput, proveBackup),
    keep: step(KeepInput, removeOlder),
  },
  plan: ({ name }, context) => provePlan(name, context),
  report: backupReport,
});
