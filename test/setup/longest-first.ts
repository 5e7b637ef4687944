import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Half a minute and more each, most of it waiting. */
const longest = ['demo', 'dead-source', 'struck-worker', 'campaign-trouble', 'schedules', 'engine', 'token-lines'];

/** Those that take longest begin first: at the end nobody waits for one of them alone. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return at === -1 ? longest.length : at;
}
