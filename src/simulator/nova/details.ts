import { badRequest, notFound } from '../fault.ts';
import type { Answer } from '../http.ts';
import { beyondBmp, fields } from '../json.ts';
import { shortText } from './checks.ts';
import { bodyFields, bodyWith, mappedServer, type NovaContext, serverOf } from './context.ts';
import { cellError, dbError } from './db-error.ts';
import { refuseLocked, touch } from './guards.ts';
import { lostServerView, serverView } from './server-view.ts';

/** From 2.69 a server whose cell is down is shown as far as the API database knows it. */
export function showServer(context: NovaContext): Answer {
  const server = mappedServer(context);
  const lost = context.world.cellsDown.has(server.cell);
  if (lost && context.minor < 69) throw cellError();
  const view = lost ? lostServerView(context, server) : serverView(context, server, true);
  return { status: 200, body: { server: view } };
}

/** A lock does not stop a new name. */
export function renameServer(context: NovaContext): Answer {
  const wish = bodyWith(context, 'server');
  const server = serverOf(context);
  const name = shortText('name', wish['name']);
  if (name !== undefined && beyondBmp(name)) throw dbError();
  if (name !== undefined) server.name = name;
  if (typeof wish['description'] === 'string') server.description = wish['description'];
  touch(context.world, server);
  return { status: 200, body: { server: serverView(context, server, true) } };
}

export function listMetadata(context: NovaContext): Answer {
  return { status: 200, body: { metadata: serverOf(context).metadata } };
}

/** POST adds to what is there, PUT replaces it. */
export function writeMetadata(context: NovaContext): Answer {
  const given = fields(bodyWith(context, 'metadata'));
  const server = serverOf(context);
  refuseLocked(context, server);
  const texts = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));
  server.metadata = context.request.method === 'PUT' ? texts : { ...server.metadata, ...texts };
  touch(context.world, server);
  return { status: 200, body: { metadata: server.metadata } };
}

export function deleteMetadata(context: NovaContext): Answer {
  const server = serverOf(context);
  refuseLocked(context, server);
  const key = context.params['key'] ?? '';
  if (!(key in server.metadata)) throw notFound('Metadata item was not found');
  delete server.metadata[key];
  touch(context.world, server);
  return { status: 204 };
}

/** Their ids only: what an admin sees of one share is not asked here. */
export function listShares(context: NovaContext): Answer {
  return { status: 200, body: { shares: serverOf(context).shares } };
}

export function listTags(context: NovaContext): Answer {
  return { status: 200, body: { tags: serverOf(context).tags } };
}

export function replaceTags(context: NovaContext): Answer {
  const { tags } = bodyFields(context);
  if (!Array.isArray(tags)) throw badRequest("'tags' is a required property");
  const server = serverOf(context);
  server.tags = tags.map(String);
  touch(context.world, server);
  return { status: 200, body: { tags: server.tags } };
}

export function addTag(context: NovaContext): Answer {
  const server = serverOf(context);
  const tag = context.params['tag'] ?? '';
  if (server.tags.includes(tag)) return { status: 204 };
  server.tags.push(tag);
  touch(context.world, server);
  return { status: 201, headers: { location: `${context.base}/v2.1/servers/${server.id}/tags/${tag}` } };
}

export function removeTag(context: NovaContext): Answer {
  const server = serverOf(context);
  const tag = context.params['tag'] ?? '';
  if (!server.tags.includes(tag)) throw notFound(`Instance ${server.id} has no tag '${tag}'`);
  server.tags = server.tags.filter((each) => each !== tag);
  touch(context.world, server);
  return { status: 204 };
}
