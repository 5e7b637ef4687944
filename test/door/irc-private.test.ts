import { expect, test, vi } from 'vitest';
import { PlaceRefused } from '../../src/chat/message.ts';
import { say } from '../../src/chat/report.ts';
import { opsPlace } from '../irc/scripted.ts';
import { eventually, guest, modern, open, post, saidTo, server, table, vigie, whois } from '../irc/speaking.ts';

test('pages for one person keep nothing back from the channel where they were asked for', async () => {
  await open(
    {
      caps: modern,
      hears(sent, itself) {
        if (sent.command === 'WHOIS') whois(itself, 'alice');
        if (sent.command === 'PRIVMSG') itself.echo(sent);
      },
    },
    { rate: { burst: 1, everyMs: 20 } },
  );
  const pages = post(table(60), { weight: 'answer', aside: 'irc:test/alice' });
  await eventually(() => saidTo('alice').length > 3);
  const before = server.sent.length;
  await post(say('the lone answer'), { weight: 'answer' });
  const at = server.sent.findIndex(({ line }) => line.includes('the lone answer'));
  expect(at - before).toBeLessThan(4);
  await pages;
  expect(saidTo('alice')).toHaveLength(62);
});

test('who takes a nick in mid-report does not read on, and who had it goes on reading under the next one', async () => {
  let owner: string | null = 'alice';
  const read: Record<string, number> = {};
  await open(
    {
      caps: modern,
      hears(sent, itself) {
        if (sent.command === 'WHOIS' && sent.params[0] === 'alice') whois(itself, owner);
        if (sent.command === 'WHOIS' && sent.params[0] === 'zed') {
          itself.tell(':s 330 vigie zed alice :is logged in as');
          itself.tell(':s 318 vigie zed :End of WHOIS');
        }
        if (sent.command !== 'PRIVMSG') return;
        const reader = sent.params[0] === 'zed' ? 'alice' : String(owner);
        read[reader] = (read[reader] ?? 0) + 1;
        itself.echo(sent);
      },
    },
    { rate: { burst: 2, everyMs: 10 } },
  );
  // vigie has heard her once: it knows under which nick.
  server.tell(':alice!a@host ACCOUNT alice');
  const pages = post(table(60), { weight: 'answer', to: 'irc:test/alice' });
  await eventually(() => (read['alice'] ?? 0) > 5);
  owner = 'mallory';
  server.tell(':alice!a@host NICK Alice');
  server.tell(':Alice!a@host NICK zed');
  server.tell(':mallory!m@host NICK alice');
  await pages;
  // What was on its way when the nick changed hands cannot be called back.
  expect(read['mallory'] ?? 0).toBeLessThan(4);
  expect(read['alice']).toBeGreaterThanOrEqual(62);
});

test('who takes a nick where vigie cannot see it reads no more than a page', async () => {
  let said = 0;
  await open({
    caps: modern,
    hears(sent, itself) {
      if (sent.command === 'WHOIS') whois(itself, said > 24 ? 'mallory' : 'alice');
      if (sent.command !== 'PRIVMSG') return;
      said += 1;
      itself.echo(sent);
    },
  });
  await expect(post(table(60), { to: 'irc:test/alice' })).rejects.toThrow('not there');
  expect(said).toBe(40);
});

test('a guest who is gone is told nothing more, whoever has the nick', async () => {
  await open(
    { caps: modern, hears: (sent, { echo }) => sent.command === 'PRIVMSG' && echo(sent) },
    {
      rate: { burst: 2, everyMs: 20 },
    },
  );
  const pages = post(table(60), {}, guest);
  await eventually(() => saidTo('bob').length > 5);
  server.tell(':bob!b@host QUIT :gone');
  await expect(pages).rejects.toThrow(PlaceRefused);
  expect(saidTo('bob').length).toBeLessThan(20);
});

test('who was asked after when the connection was lost may be there: the answer is said once it is back', async () => {
  let cut = false;
  await open({
    caps: modern,
    hears(sent, itself) {
      if (sent.command === 'WHOIS' && !cut) {
        cut = true;
        itself.cut();
      } else if (sent.command === 'WHOIS') whois(itself, 'alice');
      if (sent.command === 'PRIVMSG') itself.echo(sent);
    },
  });
  const to = { weight: 'answer' as const, key: 'answer', to: 'irc:test/alice' };
  await expect(vigie.post(opsPlace, say('only for you'), to)).rejects.not.toBeInstanceOf(PlaceRefused);
  await post(say('only for you'), to);
  expect(saidTo('alice')).toEqual(['only for you']);
});

test('a WHOIS that is not answered in time is no answer: what was to be said is said again', async () => {
  let silent = true;
  await open({
    caps: modern,
    hears(sent, itself) {
      if (sent.command === 'WHOIS' && !silent) whois(itself, 'alice');
      if (sent.command === 'PRIVMSG') itself.echo(sent);
    },
  });
  const to = { key: 'answer', weight: 'answer' as const, to: 'irc:test/alice' };
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const unsaid = expect(vigie.post(opsPlace, say('only for you'), to)).rejects.toThrow('does not say who alice is');
  await eventually(() => server.sent.some(({ command }) => command === 'WHOIS'));
  vi.advanceTimersByTime(10_000);
  vi.useRealTimers();
  await unsaid;
  silent = false;
  await post(say('only for you'), to);
  expect(saidTo('alice')).toEqual(['only for you']);
});

test('who left and came again unseen is told under the nick that the account has its name from', async () => {
  await open({
    caps: modern,
    hears(sent, itself) {
      if (sent.command === 'WHOIS' && sent.params[0] === 'alice') whois(itself, 'alice');
      if (sent.command === 'WHOIS' && sent.params[0] === 'alice_') {
        itself.tell(':s 401 vigie alice_ :No such nick');
        itself.tell(':s 318 vigie alice_ :End of WHOIS');
      }
      if (sent.command === 'PRIVMSG') itself.echo(sent);
    },
  });
  server.tell(':alice_!a@host ACCOUNT alice');
  server.tell(':alice_!a@host QUIT :Ping timeout');
  await post(say('vigie has heard that'));
  await post(say('your protection ends soon'), { to: 'irc:test/alice' });
  expect(saidTo('alice')).toEqual(['your protection ends soon']);
  expect(server.sent.map(({ line }) => line)).toContain('WHOIS :alice_');
});
