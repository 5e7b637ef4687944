import { ServerResponse } from 'node:http';
import { WebSocket } from 'undici';

/**
 * Loaded before a bot: kills it at its n-th acknowledgement to Slack, over a socket or as the answer to a request.
 * `before`: what was said is in rows, and Slack does not know; `after`: Slack knows, and nothing was done with it yet.
 */
const [place = '', count = ''] = (process.env['DIES_AT_ACK'] ?? '').split(':');
let acks = 0;

function isDue(isAck: boolean): boolean {
  if (isAck) acks += 1;
  return isAck && acks === Number(count);
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

const { send } = WebSocket.prototype;
WebSocket.prototype.send = function killable(this: WebSocket, data: Parameters<typeof send>[0]): void {
  const due = isDue(typeof data === 'string' && data.includes('"envelope_id"'));
  if (due && place === 'before') die();
  send.call(this, data);
  if (due && place === 'after') die();
};

const { end } = ServerResponse.prototype;
ServerResponse.prototype.end = function killable(this: ServerResponse, ...told: unknown[]): ServerResponse {
  const due = isDue(this.statusCode === 200 && !String(told[0]).includes('"challenge"'));
  if (due && place === 'before') die();
  // Its last byte is the kernel's by then.
  if (due && place === 'after') this.once('finish', die);
  return Reflect.apply(end, this, told);
};
