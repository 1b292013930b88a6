/** The last line of each run: how many tests passed, failed and were skipped. With `CI=1` a skipped test fails the run. */
export default class SummaryReporter {
  #failure;

  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    if (process.env.CI === '1' && skipped > 0) this.#failure = new Error(`${skipped} tests were skipped, and none may be`);
    // At the very end: jest's own summary comes after every other reporter's.
    process.once('exit', () => {
      console.log(`Tests: ${results.numPassedTests} passed, ${results.numFailedTests} failed, ${skipped} skipped`);
    });
  }

  /** Jest exits with 1 when a reporter answers an error. */
  getLastError() {
    return this.#failure;
  }
}
