import { HTTPReceiver } from '@slack/bolt';
import type { Door } from './door.ts';
import type { Log } from './options.ts';
import { type Line, standIn } from './sockets.ts';
import { silent } from './web.ts';

export interface HttpOptions {
  readonly signingSecret: string;
  readonly port: number;
  readonly door: Door;
  readonly log: Log;
}

/** Slack calls here, for events, buttons and the slash command alike. */
const endpoint = '/slack/events';

/** Only what Slack has signed within the last five minutes gets through; what is not in rows is answered with 503. */
export async function openHttp({ signingSecret, port, door, log }: HttpOptions): Promise<Line> {
  const receiver = new HTTPReceiver({
    signingSecret,
    port,
    endpoints: [endpoint],
    logger: silent,
    // The door answers every request, or throws.
    unhandledRequestHandler: () => undefined,
    dispatchErrorHandler: ({ response }) => end(response, 404),
    processEventErrorHandler: async ({ response }) => {
      end(response, 503);
      return false;
    },
  });
  receiver.init(standIn(door));
  await receiver.start(port);
  log('info', { port, endpoint }, 'Slack is awaited');
  let isOpen = true;
  return {
    open: () => isOpen,
    problem: () => null,
    async close() {
      isOpen = false;
      await receiver.stop().catch(() => undefined);
    },
  };
}

function end(
  response: { headersSent: boolean; writeHead(status: number): unknown; end(): unknown },
  status: number,
): void {
  if (!response.headersSent) response.writeHead(status);
  response.end();
}
