/** An error whose message is written for the person who typed the line: what is wrong, where, what to type instead. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
