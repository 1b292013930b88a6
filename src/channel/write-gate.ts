import { Dispatcher } from 'undici';

/** The gate's refusal. */
class Overdue extends Error {}

/**
 * A dispatcher for one request: it asks whether time is left at the moment when the request goes to the socket, after connecting and after
 * waiting for a free connection, and remembers whether anything went.
 */
export class WriteGate extends Dispatcher {
  readonly #inner: Dispatcher;
  readonly #msLeft: () => number;
  /** Whether the request was handed to a socket; false proves that nothing left. */
  written = false;
  /** Whether the gate stopped it. */
  overdue = false;
  /** Why the exchange ended without a whole answer, as the dispatcher said it; null where it did not. */
  failure: Error | null = null;

  constructor(inner: Dispatcher, msLeft: () => number) {
    super();
    this.#inner = inner;
    this.#msLeft = msLeft;
  }

  // undici calls `onConnect` (fetch, request) or `onRequestStart` (newer handlers) directly before the first byte; an abort there writes none.
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { onConnect, onRequestStart, onError, onResponseError } = handler;
    if (onRequestStart !== undefined || onConnect === undefined) {
      handler.onRequestStart = (controller, context) =>
        this.#opens() ? onRequestStart?.call(handler, controller, context) : controller.abort(new Overdue('send_before has passed'));
      handler.onResponseError = (controller, error) => {
        this.failure = error;
        onResponseError?.call(handler, controller, error);
      };
    } else {
      handler.onConnect = (abort) => (this.#opens() ? onConnect.call(handler, abort) : abort(new Overdue('send_before has passed')));
      handler.onError = (error) => {
        this.failure = error;
        onError?.call(handler, error);
      };
    }
    return this.#inner.dispatch(options, handler);
  }

  #opens(): boolean {
    if (this.#msLeft() > 0) {
      this.written = true;
      return true;
    }
    this.overdue = true;
    return false;
  }
}
