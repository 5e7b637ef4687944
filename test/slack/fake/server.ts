import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answered, Site } from './site.ts';

export interface Server {
  /** `http://127.0.0.1:PORT` */
  readonly base: string;
  readonly sites: Site[];
  close(): Promise<void>;
}

/** The HTTP server that all workspaces of a fake share. */
export async function openServer(): Promise<Server> {
  const sites: Site[] = [];
  const server = createServer((request, response) => {
    answer(sites, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on('upgrade', (request, socket, head) => {
    const site = sites.find(({ appId }) => request.url?.startsWith(`/link/${appId}/`));
    if (site === undefined) socket.destroy();
    else site.sockets.accept(request, socket, head);
  });
  return {
    base,
    sites,
    async close() {
      for (const site of sites) site.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(sites: readonly Site[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://fake');
  const body = await read(request);
  const call = { url, body, headers: request.headers };
  const site = sites.find((candidate) => candidate.owns(call)) ?? sites[0];
  if (site === undefined) throw new Error('no workspace');
  const answered = await site.handle(call);
  await send(answered, response);
}

async function send({ status, headers, body, fault }: Answered, response: ServerResponse): Promise<void> {
  if (fault === 'lost-reply' || fault === 'lost-call') return void response.destroy();
  if (typeof fault === 'object' && fault !== null && 'delay' in fault) await sleep(fault.delay);
  const meanwhile = typeof fault === 'object' && fault !== null && 'meanwhile' in fault ? fault : null;
  if (meanwhile?.cut === true) response.destroy();
  else await new Promise<void>((resolve) => response.writeHead(status, headers).end(body, resolve));
  meanwhile?.meanwhile();
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}
