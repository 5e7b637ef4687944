import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRunbooks } from '../../src/runbooks/folder.ts';
import { parseRunbook, type Runbook } from '../../src/runbooks/runbook.ts';
import { valuesOf } from '../../src/runbooks/values.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-runbooks-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A file without fault; what a test gives stands in the place of a part of it. */
function source(given: { head?: string; preview?: string; change?: string; more?: string } = {}): string {
  return `/*
name: example
summary: Say something of a thing
database: keystone
releases: { words: all, migrate_version: [1, 9] }
risk: disruptive
rows: { max: 5 }
parameters:
  thing: { type: word, help: which thing }
${given.head ?? ''}*/

-- preview
${given.preview ?? 'SELECT id, said FROM things WHERE thing = :thing'};

${given.more ?? ''}
-- change
${given.change ?? "UPDATE things SET said = 'yes' WHERE thing = :thing"};
`;
}

function troublesOf(text: string, file = 'example.sql'): string[] {
  const made = parseRunbook(file, text);
  return 'troubles' in made ? made.troubles.map(({ line, said }) => `${line}: ${said}`) : [];
}

test('every runbook that comes with vigie can be read', async () => {
  const shelf = await openRunbooks(['runbooks'])();
  expect(shelf.troubles).toEqual([]);
  expect(shelf.runbooks.map(({ head }) => head.name)).toEqual([
    'floating-ip',
    'migration-record',
    'orphaned-build',
    'quota-usage',
    'task-state',
  ]);
});

test('one of your own beside them; a broken one, and one of a name that is taken, refuse only themselves', async () => {
  writeFileSync(join(folder, 'example.sql'), source());
  writeFileSync(
    join(folder, 'broken.sql'),
    source({ change: 'UPDATE things SET said = 1' }).replace('example', 'broken'),
  );
  writeFileSync(join(folder, 'task-state.sql'), source().replace('example', 'task-state'));
  writeFileSync(join(folder, 'README'), 'no runbook');
  const shelf = await openRunbooks(['runbooks', folder])();
  expect(shelf.runbooks.map(({ head }) => head.name)).toContain('example');
  expect(shelf.runbooks.find(({ head }) => head.name === 'task-state')?.file).toBe('runbooks/task-state.sql');
  expect(shelf.troubles.map(({ file, line, said }) => `${file}:${line}: ${said}`).sort()).toEqual([
    `${join(folder, 'broken.sql')}:17: change: change has no WHERE`,
    `${join(folder, 'task-state.sql')}:1: runbooks/task-state.sql has its name already`,
  ]);
});

test('the example of the manual is one', () => {
  const example = /```sql\n([\s\S]*?)```/.exec(readFileSync('docs/runbooks.md', 'utf8'))?.[1] ?? '';
  expect(troublesOf(example, 'dead-service.sql')).toEqual([]);
});

test('a folder that is not there is told, and stops nothing', async () => {
  const shelf = await openRunbooks(['runbooks', join(folder, 'absent')])();
  expect(shelf.runbooks).toHaveLength(5);
  expect(shelf.troubles).toEqual([{ file: join(folder, 'absent'), line: 1, said: 'this folder cannot be read' }]);
});

describe('what is wrong with a file is told by line', () => {
  test.each<[string, string, string]>([
    ['no head', 'SELECT 1;', '1: it does not begin with a head'],
    ['an unknown key', source({ head: 'owner: me\n' }), '10: owner is not known here'],
    ['a head that is not YAML', source({ head: 'notes: [a\n' }), 'its head is not YAML'],
    [
      'a type nobody knows',
      source({ head: '  other: { type: blob, help: x }\n' }),
      '10: parameters.other.type must be',
    ],
    ['rows without a cap', source().replace('{ max: 5 }', '{ expect: 1 }'), '7: rows.max is missing'],
    ['a cap above all caps', source().replace('max: 5', 'max: 100000'), '7: rows.max must be at most 500'],
    ['no release', source().replace(', migrate_version: [1, 9]', ''), 'names migrate_version, alembic_version or both'],
    ['another name than the file', source().replace('name: example', 'name: other'), '1: its name is other'],
    [
      'two statements',
      source({ change: 'DELETE FROM things WHERE id = 1; DROP TABLE things' }),
      '17: change: it is more than one',
    ],
    [
      'a statement of another kind',
      source({ change: 'INSERT INTO things VALUES (1)' }),
      '17: change: it is not a single UPDATE or DELETE',
    ],
    ['no WHERE', source({ change: 'DELETE FROM things' }), '17: change: it has no WHERE'],
    ['an empty WHERE', source({ change: 'DELETE FROM things WHERE' }), '17: change: its WHERE is empty'],
    [
      'a WHERE in brackets only',
      source({ change: 'UPDATE things SET said = (SELECT 1 FROM a WHERE 1)' }),
      '17: change: change has no WHERE',
    ],
    [
      'a join',
      source({ change: 'UPDATE things JOIN a SET said = 1 WHERE 1' }),
      '17: change: change is UPDATE table SET',
    ],
    [
      'a limit of its own',
      source({ change: 'DELETE FROM things WHERE id = 1 LIMIT 1' }),
      '17: change: LIMIT is not possible',
    ],
    [
      'a parameter nobody declared',
      source({ change: 'DELETE FROM things WHERE id = :strange' }),
      '16: :strange is no parameter',
    ],
    [
      'a parameter nobody uses',
      source({ head: '  idle: { type: word, help: x }\n' }),
      '1: no statement uses its parameter idle',
    ],
    [
      'another table than shown',
      source({ change: 'DELETE FROM others WHERE thing = :thing' }),
      '16: preview shows things',
    ],
    [
      'another database',
      source({ preview: 'SELECT id, said FROM mysql.user WHERE thing = :thing' }),
      '13: preview: it names another database',
    ],
    [
      'a column set and not shown',
      source({ change: "UPDATE things SET hue = 'red' WHERE thing = :thing" }),
      '12: change sets hue',
    ],
    [
      'a key that is not shown',
      source({ preview: 'SELECT said FROM things WHERE thing = :thing' }),
      '12: it does not list the key',
    ],
    ['a key that is set', source({ change: 'UPDATE things SET id = 1 WHERE thing = :thing' }), '16: it sets the key'],
    [
      'a preview of everything',
      source({ preview: 'SELECT * FROM things WHERE thing = :thing' }),
      '13: preview: preview lists columns by their names',
    ],
    [
      'a moment of its own',
      source({ change: 'UPDATE things SET said = NOW() WHERE thing = :thing' }),
      '17: change: SET writes the moment as :now',
    ],
    [
      'a variable',
      source({ change: 'UPDATE things SET said = @a WHERE thing = :thing' }),
      '17: change: "@" is not possible',
    ],
    [
      'code in a comment',
      source({ change: 'DELETE FROM things /*! WHERE */ WHERE 1' }),
      '17: change: a comment that is executed',
    ],
    [
      'a question mark',
      source({ change: "UPDATE things SET said = 'why?' WHERE thing = :thing" }),
      '17: change: a ? is not possible',
    ],
    ['a check without words', source({ more: '-- none\nSELECT 1 FROM DUAL;' }), '15: -- none: says behind the colon'],
    [
      'a check that writes',
      source({ more: '-- none: x\nDELETE FROM things WHERE 1;' }),
      '16: none: it is not a single SELECT',
    ],
    [
      'a file written by a check',
      source({ more: "-- some: x\nSELECT 1 INTO OUTFILE '/tmp/x';" }),
      '16: some: INTO is not possible',
    ],
    ['no preview', source().replace('-- preview', '-- nothing'), '1: it has no -- preview line'],
  ])('%s', (_, text, said) => {
    expect(troublesOf(text).join('\n')).toContain(said);
  });

  test('and without fault there is none', () => {
    expect(troublesOf(source())).toEqual([]);
    const words = source({
      change: "UPDATE things SET said = 'it''s; -- no \\' end' WHERE thing = :thing -- so\n AND 1",
    });
    expect(troublesOf(words)).toEqual([]);
  });
});

describe('a parameter is refused by its name', () => {
  const kinds = ['server', 'uuid', 'host', 'project', 'address', 'number', 'word', 'moment', 'text'];
  const uses = kinds.map((kind) => `AND id <> :a_${kind}`).join(' ');
  const head = kinds.map((kind) => `  a_${kind}: { type: ${kind}, help: x, optional: true }\n`).join('');
  const runbook = parseRunbook(
    'example.sql',
    source({
      head: `${head}  way: { choices: [up, down], help: x, optional: true }\n`,
      change: `DELETE FROM things WHERE thing = :thing AND id <> :way ${uses}`,
    }),
  ) as Runbook;
  const value = (name: string, typed: string) => valuesOf(runbook, { thing: 'a', [name]: typed })[name];

  test.each(kinds.map((kind) => `a_${kind}`).concat('way'))(
    '%s with quotes, NUL, a line break, 1 MiB, or nothing in it',
    (name) => {
      const bad = ["it's", '"', "' OR 1=1 -- ", '`id`', 'a\\', 'a\0b', 'a\nb', '', 'x'.repeat(1024 * 1024), '\u202e'];
      for (const typed of bad) expect(() => value(name, typed), JSON.stringify(typed.slice(0, 9))).toThrow(name);
      expect(() => value(name, 'x'.repeat(1024 * 1024))).toThrow(/^.{1,200}$/s);
    },
  );

  test.each<[string, string, string | RegExp]>([
    ['a_number', '12', '12'],
    ['a_number', '1e3', /a whole number/],
    ['a_number', '-1', /a whole number/],
    ['a_server', '6F1C0B3E-58D4-4C07-9A3F-1F0E6F9F2D11', '6f1c0b3e-58d4-4c07-9a3f-1f0e6f9f2d11'],
    ['a_server', 'web-1', /the uuid of a server/],
    ['a_address', '10.0.0.7', '10.0.0.7'],
    ['a_address', '10.0.0.777', /an IP address/],
    ['a_moment', '2026-11-29T10:00', '2026-11-29 10:00:00'],
    ['a_moment', '2026-02-30 10:00', /a moment in UTC/],
    ['a_moment', 'yesterday', /a moment in UTC/],
    ['a_text', 'two words', 'two words'],
    ['way', 'sideways', /up or down/],
  ])('%s=%s', (name, typed, is) => {
    if (typeof is === 'string') expect(value(name, typed)).toBe(is);
    else expect(() => value(name, typed)).toThrow(is);
  });

  test('one that is missing, or not known', () => {
    expect(() => valuesOf(runbook, {})).toThrow('thing is missing: which thing');
    expect(() => value('constructor', 'x')).toThrow('has no parameter "constructor"');
    expect(valuesOf(runbook, { thing: 'a' })).toMatchObject({ thing: 'a', way: null });
  });
});
