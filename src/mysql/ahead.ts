/** The same items, each asked for while the one before is still being worked on. */
export async function* ahead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = ask(source);
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = ask(source);
      yield value;
    }
  } finally {
    await next.catch(() => undefined);
    await source.return(undefined);
  }
}

/** Nobody may be waiting for it when it fails: then whoever asks next hears of it. */
function ask<T>(source: AsyncGenerator<T>): Promise<IteratorResult<T>> {
  const asked = source.next();
  asked.catch(() => undefined);
  return asked;
}
