// Mocha's spec reporter on stdout, and the run's counts as JSON in $FARFORK_MOCHA_REPORT for test/run.mjs.
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class CountingSpec extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const path = process.env.FARFORK_MOCHA_REPORT;
      const { passes, failures, pending } = this.stats;
      if (path) writeFileSync(path, JSON.stringify({ passes, failures, pending }));
    });
  }
};
