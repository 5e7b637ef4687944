import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { events, missingScopes, scopes, slashCommand } from '../../adapters/slack/needs.ts';

const manifest = parse(await readFile('adapters/slack/manifest.yaml', 'utf8'));

test('the manifest asks for what the code needs, and nothing else', () => {
  expect(manifest.oauth_config.scopes.bot).toEqual(scopes);
  expect(manifest.settings.event_subscriptions.bot_events).toEqual(events);
  expect(manifest.features.slash_commands.map(({ command }: { command: string }) => command)).toEqual([slashCommand]);
});

test('the app it makes can be pressed, mentioned, written to, and has a home', () => {
  expect(manifest.settings).toMatchObject({ socket_mode_enabled: true, interactivity: { is_enabled: true } });
  expect(manifest.features.app_home).toMatchObject({ home_tab_enabled: true, messages_tab_read_only_enabled: false });
  expect(manifest.features.slash_commands[0].should_escape).toBe(true);
  expect(manifest.features.bot_user.display_name).toBe('vigie');
});

test('scopes that are missing are named', () => {
  expect(missingScopes(scopes)).toEqual([]);
  expect(missingScopes(scopes.filter((scope) => scope !== 'users:read'))).toEqual(['users:read']);
});
