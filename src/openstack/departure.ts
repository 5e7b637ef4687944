import type { Dispatcher } from 'undici';

/** Whether a request was written to its connection, or would have been only after its time was over. */
export interface Departure {
  left: boolean;
  late: boolean;
}

/** Looks at the clock when the connection stands and the request is about to be written: it never leaves later than promised. */
export function leaveBy(notAfter: number, departure: Departure): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => dispatch(options, gated(handler, notAfter, departure));
}

function gated(
  handler: Dispatcher.DispatchHandler,
  notAfter: number,
  departure: Departure,
): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller, context) {
      handler.onRequestStart?.(controller, context);
      departure.late = performance.now() > notAfter;
      departure.left = !departure.late;
      if (departure.late) controller.abort(new Error('too late to leave'));
    },
    onResponseStart: (...words) => handler.onResponseStart?.(...words),
    onResponseData: (...words) => handler.onResponseData?.(...words),
    onResponseEnd: (...words) => handler.onResponseEnd?.(...words),
    onResponseError: (...words) => handler.onResponseError?.(...words),
  };
}
