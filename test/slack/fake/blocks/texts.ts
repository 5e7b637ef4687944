/** Every text a reader sees in these blocks, in order: `text`, of texts, cells, buttons, confirm dialogs. */
export function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' ? (key === 'text' ? [inner] : []) : textsOf(inner),
  );
}

/** Those of them in which `<!channel>` and `<@U…>` are alive: mrkdwn and markdown, not plain text. */
export function liveTextsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(liveTextsOf);
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && (value.type === 'mrkdwn' || value.type === 'markdown') && 'text' in value)
    return [String(value.text)];
  if ('type' in value && value.type === 'broadcast' && 'range' in value) return [`<!${String(value.range)}>`];
  if ('type' in value && value.type === 'user' && 'user_id' in value) return [`<@${String(value.user_id)}>`];
  if ('type' in value && value.type === 'usergroup' && 'usergroup_id' in value)
    return [`<!subteam^${String(value.usergroup_id)}>`];
  return Object.values(value).flatMap(liveTextsOf);
}
