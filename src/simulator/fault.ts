/** An answer that is not a success; each service writes it in its own shape. */
export class HttpFault extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'HttpFault';
    this.status = status;
  }
}

export const badRequest = (message: string) => new HttpFault(400, message);
export const unauthorized = () => new HttpFault(401, 'The request you have made requires authentication.');
export const forbidden = (message: string) => new HttpFault(403, message);
export const notFound = (message = 'The resource could not be found.') => new HttpFault(404, message);
export const conflict = (message: string) => new HttpFault(409, message);
