import { PassThrough } from 'node:stream';
import { describe } from 'vitest';
import { createConsole } from '../../adapters/console/console.ts';
import { adapterContract } from '../contract/adapter.ts';

describe('the console', () => {
  adapterContract(async (hear) => {
    const input = new PassThrough();
    const output = new PassThrough();
    let text = '';
    output.on('data', (bytes) => {
      text += String(bytes);
    });
    const adapter = createConsole({
      input,
      output,
      tty: false,
      place: 'console:local',
      account: 'console:alice',
      speakers: false,
    });
    await adapter.start(hear);
    return {
      adapter,
      place: { adapter: 'console', id: 'console:local', kind: 'channel' },
      account: 'console:alice',
      say: async (line) => void input.write(`${line}\n`),
      read: () => text,
      close: () => adapter.stop(),
    };
  });
});
