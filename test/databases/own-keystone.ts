import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { ArchiveSettings } from '../../src/archive/place.ts';
import { type OwnServer, ownServer } from './server.ts';
import { openSweeping, type Sweeping } from './sweeping.ts';
import { archiveFolder, balance, fillTokens, number, tokenTable } from './tokens.ts';

/** A MariaDB of the file's own, and in it a keystone that each test finds as new. */
export interface OwnKeystone {
  readonly server: OwnServer;
  readonly root: Connection;
  /** Where archives go. */
  readonly folder: string;
  archive(folder?: string): ArchiveSettings;
  /** A purge of it, closed after the test. */
  sweeping(wish?: Partial<Parameters<typeof openSweeping>[0]>): Sweeping;
  expired(): Promise<number>;
  /** Nothing is lost, no living row is gone, and so many expired ones are left. */
  expectBalance(left: number, folder?: string): Promise<void>;
}

/** To be called at the top of a file: it sets up and clears away by itself. */
export function ownKeystone({ tokens, bodyBytes }: { tokens: number; bodyBytes?: number }): OwnKeystone {
  let server: OwnServer;
  let root: Connection;
  let place: ReturnType<typeof archiveFolder>;
  let open: Sweeping[] = [];
  beforeAll(async () => {
    server = await ownServer(['--skip-log-bin']);
    await server.start();
  });
  afterAll(() => server.drop());
  beforeEach(async () => {
    root = await server.connect();
    await root.query('DROP DATABASE IF EXISTS keystone');
    await root.query('CREATE DATABASE keystone');
    await root.query('USE keystone');
    await root.query(tokenTable);
    await fillTokens(root, 'keystone', tokens, bodyBytes);
    place = archiveFolder();
  });
  afterEach(async () => {
    for (const sweeping of open) await sweeping.close();
    open = [];
    root.destroy();
    place.drop();
  });
  return {
    get server() {
      return server;
    },
    get root() {
      return root;
    },
    get folder() {
      return place.folder;
    },
    archive: (folder = place.folder) => ({ folder, publicKey: 'none', privateKey: null }),
    sweeping(wish) {
      const sweeping = openSweeping({ dsns: { keystone: server.dsn('keystone') }, ...wish });
      open.push(sweeping);
      return sweeping;
    },
    expired: () =>
      number(root, 'SELECT COUNT(*) AS n FROM keystone.token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY'),
    async expectBalance(left, folder = place.folder) {
      // The test may have ended the other connection with its server.
      const fresh = await server.connect();
      const found = await balance(fresh, 'keystone', { folder });
      await fresh.end();
      expect(found).toMatchObject({ lost: 0, livingGone: 0, left });
    },
  };
}
