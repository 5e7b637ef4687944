import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Counted, countDump } from '../../src/mysql/dumps/count.ts';

/** As mariadb-dump and mysqldump escape it. */
function literal(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '\0': '\\0', '\n': '\\n', '\r': '\\r', '\\': '\\\\', "'": "\\'" };
  return `'${text.replace(/[\0\n\r\\']/g, (sign) => escapes[sign] ?? sign)}'`;
}

interface Table {
  readonly name: string;
  readonly rows: readonly string[];
}

function dumpOf(tables: readonly Table[], perLine: boolean): string {
  const between = perLine ? ',\n' : ',';
  const inserts = ({ name, rows }: Table): string =>
    rows.length === 0
      ? ''
      : `INSERT INTO \`${name.replaceAll('`', '``')}\` VALUES${perLine ? '\n' : ' '}${rows.map((row, index) => `(${index},${literal(row)},NULL)`).join(between)};\n`;
  const made = tables.map(
    (table) => `CREATE TABLE \`${table.name.replaceAll('`', '``')}\` (\n  \`id\` int\n);\n\n${inserts(table)}\n`,
  );
  const trigger = 'DELIMITER ;;\nINSERT INTO `ghost` VALUES (1),(2);\nCREATE TABLE `ghost` (\n;;\nDELIMITER ;\n';
  return `-- head\n\nUSE \`a\`;\n\n${made.join(trigger)}\nUSE \`b\`;\n\n-- Dump completed on 2026-11-29\n`;
}

function counted(text: string, pieces: number): Counted {
  const bytes = Buffer.from(text);
  const count = countDump();
  for (let at = 0; at < bytes.length; at += pieces) count.push(bytes.subarray(at, at + pieces));
  return count.sum();
}

const nasty = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom("'", '\\', "\\'", '),(', ';\n', "');\nINSERT INTO `x` VALUES (1);", 'USE `b`;', '\0', '漢字'),
);
const names = fc.string({ unit: fc.constantFrom('a', 'b', '`', ' ', '(', 'é'), minLength: 1, maxLength: 6 });

test('whatever rows hold and wherever the text is cut, each row is counted once, in both programs’ manners', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ name: names, rows: fc.array(nasty, { maxLength: 8 }) }), {
        selector: ({ name }) => name,
        maxLength: 4,
      }),
      fc.boolean(),
      fc.integer({ min: 1, max: 300 }),
      (tables, perLine, pieces) => {
        const sum = counted(dumpOf(tables, perLine), pieces);
        expect(sum.complete).toBe(true);
        expect(sum.databases.map(({ name }) => name)).toEqual(['a', 'b']);
        expect([...(sum.databases[0]?.tables ?? [])]).toEqual(tables.map(({ name, rows }) => [name, rows.length]));
      },
    ),
  );
});

test('where the binary log stood is read from the comments of either program', () => {
  const maria =
    "-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000007', MASTER_LOG_POS=2257;\n-- SET GLOBAL gtid_slave_pos='0-1-11';\n";
  expect(counted(maria, 7)).toMatchObject({ position: 'bin.000007:2257', gtid: '0-1-11', complete: false });
  const mysql = "-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000002', SOURCE_LOG_POS=157;\n";
  expect(counted(mysql, 50)).toMatchObject({ position: 'binlog.000002:157' });
});

test('a text that goes on after its last line is not complete', () => {
  expect(counted('-- Dump completed on 2026-11-29\nDROP TABLE x;\n', 10).complete).toBe(false);
});
