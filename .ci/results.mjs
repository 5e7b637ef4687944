// What the JSON reports of one run of CI add up to.
//   node .ci/results.mjs again DIR GROUP     the test files of GROUP worth a second try, one a line
//   node .ci/results.mjs summary DIR BROKEN  what failed and why, what passed only the second time, and the count
import { readdirSync, readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';

/** More broken files than this are no accident of a busy machine. */
const mostAgain = 3;

const [what, folder, argument] = process.argv.slice(2);
if (what === 'again') again();
else summary();

/** Exits with 1 where a second try is not worth it; without a line where all has to run again. */
function again() {
  const first = reports(argument);
  const files = first.flatMap((report) => report.testResults).filter(isFailed);
  process.exitCode = files.length >= 1 && files.length <= mostAgain ? 0 : 1;
  // Where a quick test failed the stories did not even begin.
  if (argument === 'everything' && first.length === 1) return;
  for (const file of files) console.log(relative(process.cwd(), file.name));
}

function summary() {
  const first = byPlace(reports());
  const second = byPlace(reports('again'));
  for (const [place, file] of first) if (isFailed(file)) tellFailure(place, file, second.get(place));
  const last = new Map([...first, ...second]);
  for (const [place, file] of last) tellSkipped(place, file);
  const tests = [...last.values()].flatMap((file) => file.assertionResults);
  const passed = tests.filter((test) => test.status === 'passed').length;
  // What broke without a failed test of its own (a lint error, a time limit) counts as one failed.
  const failed = Math.max(tests.filter(isFailed).length, Number(argument));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** A story runs in `stories` and on the real cloud: two results. */
function byPlace(all) {
  return new Map(
    all.flatMap(({ group, testResults }) =>
      testResults.map((file) => [`${group}, ${relative(process.cwd(), file.name)}`, file]),
    ),
  );
}

function isFailed({ status }) {
  return status === 'failed';
}

function tellFailure(place, file, second) {
  const outcome = second === undefined ? 'failed' : isFailed(second) ? 'failed twice' : 'passed the second time';
  console.log(`== ${place}: ${outcome}`);
  if (file.message) console.log(indented(file.message));
  for (const test of file.assertionResults.filter(isFailed)) {
    console.log(`   ${test.fullName}`);
    console.log(indented(test.failureMessages.join('\n')));
  }
}

/** What this machine could not try: nobody may mount, a program is missing. */
function tellSkipped(place, file) {
  const skipped = file.assertionResults.filter(({ status }) => status === 'skipped' || status === 'pending');
  if (skipped.length > 0) console.log(`== ${place}: ${skipped.length} skipped`);
  for (const test of skipped) console.log(`   ${test.fullName}`);
}

function indented(text) {
  return text
    .split('\n')
    .slice(0, 25)
    .map((line) => `      ${line.slice(0, 300)}`)
    .join('\n');
}

/** First tries, or those of GROUP (`bin/test` alone writes quick and stories), or all second ones. */
function reports(group = '') {
  const wanted =
    { again: /^again-/, '': /^(?!again-)/, everything: /^(quick|stories)\.json$/ }[group] ??
    new RegExp(`^${group}\\.json$`);
  return readdirSync(folder)
    .filter((name) => wanted.test(basename(name)))
    .map(read);
}

function read(name) {
  const group = basename(name, '.json').replace(/^again-/, '');
  return { ...JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')), group };
}
