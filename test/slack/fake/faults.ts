import type { Json } from './state.ts';

/**
 * What goes wrong with a call. `lost-reply`: it is done, then the connection is cut. `lost-call`: cut before anything is
 * done. `meanwhile`: something happens once it is done, and its reply goes, or is cut. `delay`: the reply comes late.
 * `status`: an HTTP status instead of an answer. `error`: `{ok: false}`. `answer`: this one, and all is well.
 * `retryAfter`: a 429.
 */
export type Fault =
  | 'lost-reply'
  | 'lost-call'
  | { readonly delay: number }
  | { readonly meanwhile: () => void; readonly cut: boolean }
  | { readonly status: number }
  | { readonly error: string }
  | { readonly answer: Json }
  | { readonly retryAfter: number };

export interface Order {
  /** `chat.postMessage`, or `*` for every method. */
  readonly method: string;
  readonly fault: Fault;
  /** How often; once if left out. */
  readonly times?: number;
  /** Only calls whose arguments fit. */
  readonly where?: (args: Json) => boolean;
}

export interface Faults {
  order(order: Order): void;
  next(method: string, args: Json): Fault | null;
  clear(): void;
}

export function makeFaults(): Faults {
  const orders: { readonly order: Order; left: number }[] = [];
  return {
    order: (order) => void orders.push({ order, left: order.times ?? 1 }),
    next(method, args) {
      const due = orders.find(({ order, left }) => left > 0 && fits(order, method, args));
      if (due === undefined) return null;
      due.left -= 1;
      return due.order.fault;
    },
    clear: () => void orders.splice(0),
  };
}

function fits({ method, where }: Order, called: string, args: Json): boolean {
  return (method === '*' || method === called) && (where === undefined || where(args));
}
