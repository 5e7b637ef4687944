import { chat } from './chat.ts';
import { conversations } from './conversations.ts';
import { files } from './files.ts';
import type { Methods } from './method.ts';
import { others } from './others.ts';
import { views } from './views.ts';

/** Every method there is; `apps.connections.open` is the server's, which knows the sockets. */
export const methods: Methods = { ...chat, ...conversations, ...files, ...others, ...views };
