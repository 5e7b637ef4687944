import { z } from 'zod';

/** What a clouds.yaml says of one cloud, with vigie's own keys. */
export interface DemoCloud {
  readonly name: string;
  readonly authUrl: string;
  readonly region: string;
  readonly username: string;
  readonly password: string;
  readonly project: string;
  readonly dsns: z.output<typeof Dsns>;
}

const Dsns = z.object({ novaApi: z.string(), cells: z.record(z.string(), z.string()), keystone: z.string() });
/** What the simulator's program tells the one who started it. */
export const Simulated = z.object({ url: z.string(), region: z.string(), dsns: Dsns });

export function simulatedCloud(told: unknown): DemoCloud {
  const { url, region, dsns } = Simulated.parse(told);
  return { name: 'demo', authUrl: url, region, username: 'admin', password: 'lab', project: 'admin', dsns };
}

/** What `test/openstack/lab env` prints. */
const LabEnvironment = z.object({
  OS_AUTH_URL: z.string(),
  OS_REGION_NAME: z.string(),
  OS_USERNAME: z.string(),
  OS_PASSWORD: z.string(),
  OS_PROJECT_NAME: z.string(),
  LAB_NOVA_DSN: z.string(),
  LAB_NOVA_API_DSN: z.string(),
  LAB_KEYSTONE_DSN: z.string(),
  LAB_CELL_UUID: z.uuid(),
});

/** Null where the cloud's database does not answer: then no lab runs. */
export function labCloud(exports: string): DemoCloud | null {
  const words = [...exports.matchAll(/\b([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]);
  const read = LabEnvironment.safeParse(Object.fromEntries(words));
  if (!read.success) return null;
  const env = read.data;
  return {
    name: 'lab',
    authUrl: env.OS_AUTH_URL,
    region: env.OS_REGION_NAME,
    username: env.OS_USERNAME,
    password: env.OS_PASSWORD,
    project: env.OS_PROJECT_NAME,
    dsns: {
      novaApi: env.LAB_NOVA_API_DSN,
      cells: { [env.LAB_CELL_UUID]: env.LAB_NOVA_DSN },
      keystone: env.LAB_KEYSTONE_DSN,
    },
  };
}
