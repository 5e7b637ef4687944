import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';

/** Logs people in, 50 a second, whether the last was answered or not; says how long each took (ms) when told to end. */
const [socketPath = ''] = process.argv.slice(2);
const connections = await Promise.all(
  Array.from({ length: 8 }, () => createConnection({ socketPath, user: 'root', database: 'keystone', timezone: 'Z' })),
);
const took: number[] = [];
let sent = 0;
const timer = setInterval(() => {
  const began = performance.now();
  const connection = connections[sent++ % connections.length];
  const values = [randomBytes(16).toString('hex'), randomBytes(1500).toString('hex') + 'x'.repeat(1100)];
  connection
    ?.execute(
      'INSERT INTO token (id, expires, extra, valid) VALUES (?, UTC_TIMESTAMP() + INTERVAL 1 DAY, ?, 1)',
      values,
    )
    .then(
      () => took.push(performance.now() - began),
      () => took.push(performance.now() - began),
    );
}, 20);
process.on('SIGTERM', () => {
  clearInterval(timer);
  process.stdout.write(JSON.stringify(took), () => process.exit(0));
});
