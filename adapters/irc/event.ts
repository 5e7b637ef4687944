/** One property of an event that another program made. */
export function field(event: unknown, name: string): unknown {
  return typeof event === 'object' && event !== null ? Reflect.get(event, name) : undefined;
}
