import { HttpFault } from '../fault.ts';

/** What a client hears when a column refuses its text. */
export function dbError(): HttpFault {
  return new HttpFault(
    500,
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class 'oslo_db.exception.DBError'>",
  );
}
