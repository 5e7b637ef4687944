import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

/** Run by name, at length. Everything under test/ that is neither these nor a story is quick. */
const groups = ['irc', 'slack', 'chaos', 'databases'];

export default defineConfig({
  test: {
    // Stories wait more than they compute: three at once on two cores.
    maxWorkers: 3,
    projects: [
      project('quick', ['test/**/*.test.ts'], {
        exclude: ['stories', 'jobs', 'demo', 'openstack', ...groups].map((group) => `test/${group}/**`),
      }),
      project(
        'stories',
        ['stories', 'jobs', 'demo'].map((folder) => `test/${folder}/**/*.test.ts`),
        {
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      ),
      // The same stories on a real OpenStack: one cloud for all, so one file at a time.
      project('openstack', ['test/stories/**/*.test.ts', 'test/openstack/**/*.test.ts'], {
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
        }),
      ),
    ],
  },
});

function project(name: string, include: string[], settings: object): TestProjectConfiguration {
  return {
    test: {
      name,
      include,
      pool: 'forks',
      globalSetup: ['test/setup/global.ts'],
      setupFiles: ['test/setup/seed.ts'],
      testTimeout: 10_000,
      hookTimeout: 20_000,
      ...settings,
    },
  };
}
