import { Pool } from 'undici';
import { type Ground, median, openGround, printTable } from './ground.ts';

/**
 * Listing every server of a cloud, warm, page by page, beside the floor in the same run: the same requests with
 * JSON.parse alone. Goal: at most 1.3 times the floor at 10,000 servers; memory flat to 100,000.
 *
 *     bench/run listing [servers …]
 */
const sizes = process.argv.slice(2).map(Number);
for (const servers of sizes.length > 0 ? sizes : [10_000, 100_000]) await measure(servers);

async function measure(servers: number): Promise<void> {
  const ground = await openGround({
    SIMULATOR_SERVERS: String(servers),
    SIMULATOR_HOSTS: '100',
    SIMULATOR_TOKEN_ROWS: '0',
  });
  const { id: token } = await ground.cloud.ownToken();
  const runs = servers > 20_000 ? 5 : 15;
  const floor: number[] = [];
  const ours: number[] = [];
  let most = 0;
  try {
    for (let run = -2; run < runs; run += 1) {
      const bare = await timed(() => bareListing(ground, token));
      const listed = await timed(async () => {
        let count = 0;
        for await (const _server of ground.cloud.servers({})) {
          count += 1;
          if (count % 10_000 === 0) most = Math.max(most, heap());
        }
        if (count !== servers) throw new Error(`${count} of ${servers}`);
      });
      if (run >= 0) {
        floor.push(bare);
        ours.push(listed);
      }
    }
  } finally {
    await ground.stop();
  }
  const ratios = ours.map((value, index) => value / (floor[index] ?? Number.NaN));
  printTable(
    `${servers} servers, 1000 a page, median of ${runs} (ratio pair by pair)`,
    ['what', 'ms', 'ratio', 'heap MB'],
    [
      ['requests + JSON.parse', median(floor).toFixed(0), '1', ''],
      ['cloud.servers()', median(ours).toFixed(0), median(ratios).toFixed(2), most.toFixed(0)],
    ],
  );
}

async function bareListing({ config }: Ground, token: string): Promise<void> {
  const origin = new URL(config.authUrl).origin;
  const pool = new Pool(origin, { connections: 1 });
  let path: string | null = '/compute/v2.1/servers/detail?all_tenants=1&sort_key=uuid&sort_dir=asc&limit=1000';
  while (path !== null) {
    const answer = await pool.request({
      path,
      method: 'GET',
      headers: { 'x-auth-token': token, 'openstack-api-version': 'compute 2.93' },
    });
    const page = JSON.parse(await answer.body.text());
    const next: string | undefined = page.servers_links?.find((link: { rel: string }) => link.rel === 'next')?.href;
    path = next === undefined ? null : new URL(next).pathname + new URL(next).search;
  }
  await pool.close();
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
