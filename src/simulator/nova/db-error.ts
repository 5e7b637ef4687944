import { HttpFault } from '../fault.ts';

/** What a client hears when the database refuses: a column its text, or all of it everything. */
export function dbError(kind = 'DBError'): HttpFault {
  return apiError(`oslo_db.exception.${kind}`);
}

/** What a client hears of a server or service whose cell does not answer. */
export function cellError(): HttpFault {
  return apiError('nova.exception.NovaException');
}

function apiError(kind: string): HttpFault {
  return new HttpFault(
    500,
    `Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class '${kind}'>`,
  );
}
