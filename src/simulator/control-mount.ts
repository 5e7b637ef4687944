import { z } from 'zod';
import type { Control } from './control.ts';
import {
  AgentOrder,
  AwayOrder,
  CellOrder,
  FlavorOrder,
  HostOrder,
  MigrationOrder,
  ServerOrder,
  TokensOrder,
  WireOrder,
} from './control-orders.ts';
import type { Answer, Mount, Request } from './http.ts';

/** The same over HTTP, for programs: `POST /control/migration {"seconds": 10}`. */
export function controlMount(control: Control): Mount {
  return { prefix: '/control', handle: (request) => answer(control, request) };
}

async function answer(control: Control, request: Request): Promise<Answer> {
  const verbs: Readonly<Record<string, (body: unknown) => Promise<unknown>>> = {
    '/migration': (body) => control.migration(MigrationOrder.parse(body)),
    '/kill-compute': (body) => control.killCompute(HostOrder.parse(body).host),
    '/start-compute': (body) => control.startCompute(HostOrder.parse(body).host),
    '/freeze-compute': (body) => control.freezeCompute(HostOrder.parse(body).host),
    '/thaw-compute': (body) => control.thawCompute(HostOrder.parse(body).host),
    '/cell-down': (body) => control.cellDown(CellOrder.parse(body).cell),
    '/cell-up': (body) => control.cellUp(CellOrder.parse(body).cell),
    '/tokens': (body) => control.tokens(TokensOrder.parse(body).rows),
    '/server': async (body) => ({ id: (await control.createServer(ServerOrder.parse(body))).id }),
    '/flavor': (body) => control.flavor(FlavorOrder.parse(body)),
    '/agent': (body) => control.agent(AgentOrder.parse(body)),
    '/journal': () => control.journal(),
    '/away': (body) => control.away(AwayOrder.parse(body).seconds),
    '/wire': (body) => control.wire(WireOrder.parse(body)),
  };
  const verb = request.method === 'POST' ? verbs[request.path] : undefined;
  if (!verb) return { status: 404, body: { error: `POST /control with one of ${Object.keys(verbs).join(', ')}` } };
  try {
    return { status: 200, body: (await verb(JSON.parse(request.body || '{}'))) ?? {} };
  } catch (error) {
    return { status: 400, body: { error: error instanceof z.ZodError ? z.prettifyError(error) : String(error) } };
  }
}
