import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';

export interface TerminalStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream & { readonly columns?: number };
  /** Somebody types; else lines come from a pipe and are said one after another. */
  readonly tty: boolean;
}

/** This process's own. */
export function ownStreams(): TerminalStreams {
  const { stdin: input, stdout: output } = process;
  return { input, output, tty: input.isTTY === true && output.isTTY === true };
}

export interface Listener {
  line(line: string): Promise<void>;
  interrupted(): void;
}

export interface Terminal {
  readonly ended: Promise<void>;
  /** Begins to take lines. */
  read(): void;
  print(lines: readonly string[]): void;
  open(): boolean;
  close(): void;
}

const prompt = 'vigie> ';

/** Lines in, lines out. Where somebody types, what is printed goes above the half-typed line. */
export function openTerminal({ input, output, tty }: TerminalStreams, listener: Listener): Terminal {
  let reader: Interface | null = null;
  let open = true;
  const { promise: ended, resolve: end, reject: fail } = deferred();
  output.on('error', () => {
    open = false;
  });

  function print(lines: readonly string[]): void {
    if (lines.length === 0 || !open) return;
    if (tty && reader !== null) leaveLine(reader, output);
    output.write(`${lines.join('\n')}\n`);
    if (tty) reader?.prompt(true);
  }

  return {
    ended,
    print,
    read() {
      reader = createInterface({
        input,
        crlfDelay: Number.POSITIVE_INFINITY,
        prompt,
        ...(tty ? { output, terminal: true } : {}),
      });
      if (tty) typed(reader, listener, end);
      else piped(reader, listener, (line) => print([prompt + line])).then(end, fail);
    },
    open: () => open,
    close() {
      open = false;
      reader?.close();
    },
  };
}

/** Each line is said at once. */
function typed(reader: Interface, listener: Listener, end: () => void): void {
  reader.on('line', (line) => {
    void listener.line(line).finally(() => reader.prompt(true));
  });
  reader.on('SIGINT', () => listener.interrupted());
  reader.on('close', end);
  reader.prompt();
}

/** Each line is said when the one before is answered; it is shown, so that the output reads as a conversation. */
async function piped(reader: Interface, listener: Listener, show: (line: string) => void): Promise<void> {
  for await (const line of reader) {
    if (line.trim() === '') continue;
    show(line);
    await listener.line(line);
  }
}

/** To the start of what is being typed, however many rows it takes, and clear it. */
function leaveLine(reader: Interface, output: NodeJS.WritableStream): void {
  const { rows } = reader.getCursorPos();
  if (rows > 0) moveCursor(output, 0, -rows);
  cursorTo(output, 0);
  clearScreenDown(output);
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (cause: unknown) => void } {
  let resolve: () => void = () => undefined;
  let reject: (cause: unknown) => void = () => undefined;
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  // Whoever waits for the end hears of a failure; nobody has to wait.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
