// SPDX-License-Identifier: Apache-2.0
/** The daemons' log: one line an entry on standard error; JSON unless a person watches. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Record<string, string | number | boolean | undefined>;

const LEVELS: LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface LoggerOptions {
  /** Entries below are dropped; else FARFORK_LOG, else "info". */
  level?: LogLevel;
  /** Else: JSON when standard error is no terminal. */
  json?: boolean;
  write?: (line: string) => void;
}

export class Logger {
  private readonly minimum: number;
  private readonly json: boolean;
  private readonly write: (line: string) => void;

  constructor(
    private readonly component: string,
    private readonly options: LoggerOptions = {},
    private readonly common: LogFields = {},
  ) {
    const named = process.env['FARFORK_LOG'] as LogLevel | undefined;
    const level = options.level ?? (named && LEVELS.includes(named) ? named : 'info');
    this.minimum = LEVELS.indexOf(level);
    this.json = options.json ?? !process.stderr.isTTY;
    this.write = options.write ?? ((line) => void process.stderr.write(line));
  }

  /** The same log, with these fields in every entry. */
  with(fields: LogFields): Logger {
    return new Logger(this.component, this.options, { ...this.common, ...fields });
  }

  debug(message: string, fields?: LogFields): void {
    this.entry('debug', message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.entry('info', message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.entry('warn', message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.entry('error', message, fields);
  }

  private entry(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (LEVELS.indexOf(level) < this.minimum) return;
    const time = new Date().toISOString();
    const all = { ...this.common, ...fields };
    if (this.json) {
      this.write(`${JSON.stringify({ time, level, component: this.component, message, ...all })}\n`);
      return;
    }
    const shown = Object.entries(all).map(([name, value]) => ` ${name}=${String(value)}`);
    this.write(`${time.slice(11, 23)} ${level.padEnd(5)} ${this.component}: ${message}${shown.join('')}\n`);
  }
}

/** For tests: says nothing. */
export const silentLogger = new Logger('silent', { write: () => undefined });

/** The log of one daemon, as the environment wants it. */
export function createLogger(component: string, options: LoggerOptions = {}): Logger {
  return new Logger(component, options);
}
