/** What went wrong, by meaning: code decides on this word, never on a status or a text. */
export type CloudProblem =
  | 'bad-request'
  | 'unauthorized'
  | 'credential-bad'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'over-quota'
  | 'rate-limited'
  | 'unsupported'
  | 'unavailable'
  | 'timeout'
  | 'not-sent'
  | 'unreadable';

export interface CloudErrorFacts {
  readonly problem: CloudProblem;
  readonly cloud: string;
  /** `POST compute /servers/ID/action`: never a query string or a body. */
  readonly request: string;
  readonly status?: number;
  readonly requestId?: string;
  /** What the service said, in its words. */
  readonly said?: string;
}

const secretLike =
  /(gAAAA[\w-]{20,}|"(?:password|secret|id)"\s*:\s*"[^"]*"|(?:X-Auth-Token|X-Subject-Token)\s*:\s*\S+|:\/\/[^/\s:@]*:[^/\s@]+@)/gi;

/** An answer or a silence of an OpenStack service. Its message is fit for chat and holds nothing secret. */
export class OpenStackError extends Error {
  override readonly name = 'OpenStackError';
  readonly facts: CloudErrorFacts;

  constructor(facts: CloudErrorFacts, options?: { cause?: unknown }) {
    const said = facts.said === undefined ? undefined : redact(facts.said);
    super(sentence(facts, said), options);
    this.facts = said === undefined ? facts : { ...facts, said };
  }

  get problem(): CloudProblem {
    return this.facts.problem;
  }
}

export function redact(words: string): string {
  return words.replace(secretLike, '[hidden]');
}

function sentence(facts: CloudErrorFacts, said: string | undefined): string {
  // Which request it was that could not log in matters to nobody: what is said tells what to do.
  if (facts.problem === 'credential-bad') return `${facts.cloud}: ${said ?? 'the credential is bad'}`;
  const request = facts.requestId === undefined ? '' : ` (${facts.requestId})`;
  const outcome =
    facts.status === undefined ? (unanswered[facts.problem] ?? facts.problem) : `answered ${facts.status}`;
  return `${facts.cloud}: ${facts.request} ${outcome}${said ? `: ${said}` : ''}${request}`;
}

const unanswered: Partial<Record<CloudProblem, string>> = {
  'not-sent': 'was not sent',
  timeout: 'got no answer in time',
  unavailable: 'got no answer',
  unreadable: 'sent an answer that cannot be read',
  unsupported: 'is not possible on this cloud',
};
