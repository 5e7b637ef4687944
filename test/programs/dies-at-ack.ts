import { WebSocket } from 'undici';

/**
 * Loaded before a bot: kills it at its n-th acknowledgement to Slack. `before`: what was said is in rows, and Slack
 * does not know; `after`: Slack knows, and nothing was done with it yet.
 */
const [place = '', count = ''] = (process.env['DIES_AT_ACK'] ?? '').split(':');
let acks = 0;

const { send } = WebSocket.prototype;
WebSocket.prototype.send = function killable(this: WebSocket, data: Parameters<typeof send>[0]): void {
  const isAck = typeof data === 'string' && data.includes('"envelope_id"');
  if (isAck) acks += 1;
  const due = isAck && acks === Number(count);
  if (due && place === 'before') process.kill(process.pid, 'SIGKILL');
  send.call(this, data);
  if (due && place === 'after') process.kill(process.pid, 'SIGKILL');
};
