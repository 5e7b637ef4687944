import { control } from '../../src/command/make.ts';

export default control({
  summary: 'Prove that no entry of the audit was changed, added or removed',
  examples: ['audit verify'],
  role: 'reader',
  args: {},
  run: (_values, desk) => desk.auditVerify(),
});
