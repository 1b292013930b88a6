/** Why the broker, or a command of it, does not start: one line for the person at the terminal. Holds no secret. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
}
