import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { LongestFirst } from './test/setup/longest-first.ts';

/** Run by name, at length. Everything under test/ that is neither these nor a story is quick. */
const groups = ['irc', 'slack', 'chaos', 'databases'];

/**
 * What says something about a cloud is told on the real one too: within ten minutes every day, the rest (each minutes
 * long, for hosts that die and migrations that hang do so at their own pace) with `bin/test openstack --times 2`.
 */
const onOpenstack = ['looking', 'drain', 'failing-moves', 'second-look', 'protect', 'backup'];
const onOpenstackAtLength = [
  ...['closing-hosts', 'drain-questions', 'drain-reasons', 'dead-source', 'redis-away'],
  ...['drain-plan', 'drain-groups', 'drain-newcomers', 'drain-wishes', 'migrate', 'return', 'hooks'],
  ...['evacuate', 'evacuate-beside'],
  ...['off-too-early', 'protect-many', 'protect-watch'],
  ...['campaign', 'campaign-trouble', 'campaign-work'],
];
const atLength = Number(process.env['VIGIE_TIMES'] ?? 1) > 1;
const openstack = [...onOpenstack, ...(atLength ? onOpenstackAtLength : [])].map(
  (story) => `test/stories/${story}.test.ts`,
);
/** Nights in which people and machines do what they like, by what Nova's own database notes. */
const nights = ['test/chaos/others.test.ts', ...(atLength ? ['test/chaos/campaign-restart.test.ts'] : [])];
/** A night of operations on each chat. */
const chatsOnOpenstack = atLength ? ['test/irc/operations.test.ts', 'test/slack/operations.test.ts'] : [];

export default defineConfig({
  test: {
    // Stories wait more than they compute: four at once on two cores.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // What one run transformed the next need not: bin/test and the groups are many runs.
    experimental: { fsModuleCache: true },
    projects: [
      project('quick', ['test/**/*.test.ts'], {
        exclude: ['stories', 'jobs', 'demo', 'openstack', ...groups].map((group) => `test/${group}/**`),
      }),
      project(
        'stories',
        ['stories', 'jobs', 'demo'].map((folder) => `test/${folder}/**/*.test.ts`),
      ),
      // The same stories on a real OpenStack: one cloud for all, so one file at a time.
      project('openstack', [...openstack, ...nights, ...chatsOnOpenstack, 'test/openstack/**/*.test.ts'], {
        env: { VIGIE_TEST_CLOUD: 'openstack' },
        testTimeout: 300_000,
        hookTimeout: 300_000,
        fileParallelism: false,
      }),
      ...groups.map((group) =>
        project(group, [`test/${group}/**/*.test.ts`], {
          testTimeout: 600_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          // Real servers on a machine that may be busy: what is waited for ends the wait, not the clock.
          expect: { poll: { timeout: 60_000 } },
        }),
      ),
    ],
  },
});

function project(name: string, include: string[], settings: object = {}): TestProjectConfiguration {
  return {
    test: {
      name,
      include,
      pool: 'forks',
      globalSetup: ['test/setup/global.ts'],
      setupFiles: ['test/setup/seed.ts'],
      // Nothing takes so long; a machine that does other things beside it may.
      testTimeout: 30_000,
      hookTimeout: 30_000,
      ...settings,
    },
  };
}
