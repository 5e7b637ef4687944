/** The little of irc-framework 4.14 that the wire uses; the package brings no types of its own. */
declare module 'irc-framework' {
  export interface TransportClass {
    new (options: object): object;
  }

  export interface ClientOptions {
    readonly host: string;
    readonly port: number;
    readonly nick: string;
    readonly username: string;
    readonly gecos: string;
    readonly password?: string;
    readonly account: { readonly account?: string; readonly password?: string };
    readonly sasl_mechanism?: 'PLAIN' | 'EXTERNAL';
    readonly enable_chghost: boolean;
    readonly enable_echomessage: boolean;
    readonly auto_reconnect: boolean;
    /** Seconds. */
    readonly ping_interval: number;
    /** Seconds. */
    readonly ping_timeout: number;
    readonly version: string;
    readonly transport: TransportClass;
  }

  export interface ServerLine {
    readonly command: string;
    /** Whose message it is; empty where it is the server's own. */
    readonly nick: string;
    readonly ident: string;
    readonly hostname: string;
    readonly params: readonly string[];
    readonly tags: Readonly<Record<string, string>>;
  }

  /** What a line passes before the client understands it, which it does only after `next`. */
  export interface Middleware {
    use(step: (command: string, line: ServerLine, raw: string, client: Client, next: () => void) => void): void;
  }

  export class Client {
    constructor();
    readonly user: { nick: string; readonly username: string; readonly host: string };
    readonly network: {
      readonly cap: { isEnabled(name: string): boolean };
      supports(name: string): string | boolean | undefined;
      /** How far the server's clock is ahead of this machine's, ms. */
      readonly time_offset: number;
    };
    readonly connection: {
      end(data: string | null, hadError: boolean): void;
      /** Each line of the server's, once the client has understood it. */
      on(event: 'message', listener: (line: ServerLine) => void): void;
    };
    use(setUp: (client: Client, lines: Middleware) => void): void;
    requestCap(names: readonly string[]): void;
    connect(options: ClientOptions): void;
    /** One line, as it leaves. */
    raw(line: string): void;
    changeNick(nick: string): void;
    caseCompare(one: string, other: string): boolean;
    caseLower(name: string): string;
    who(target: string, callback: (event: { readonly users: readonly Record<string, unknown>[] }) => void): void;
    on(event: string, listener: (event: unknown) => void): this;
    off(event: string, listener: (event: unknown) => void): this;
    removeAllListeners(): this;
  }
}
