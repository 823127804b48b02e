// SPDX-License-Identifier: Apache-2.0
import type { Output } from '../output.js';
import { median, percentile } from '../statistics.js';

/** One line of `farfork bench --json`. The names of figures are an interface (DESIGN.md). */
export interface Figure {
  bench: string;
  figure: string;
  value: number;
  unit: string;
  /** How many measurements the value is taken from. */
  n: number;
  /** 25th and 75th percentile. */
  spread: [number, number];
  /** What it is compared with, and what it is to reach. */
  reference: string;
}

/** A target that a value is to stay below, or to reach. */
export interface Target {
  most?: number;
  least?: number;
}

/** Where a benchmark puts what it found, at once. */
export class FigureSink {
  readonly figures: Figure[] = [];
  missed = 0;

  constructor(
    readonly bench: string,
    private readonly output: Output,
  ) {}

  /** The median of `values`, with its spread. */
  median(figure: string, values: number[], unit: string, reference = '', target: Target = {}): void {
    this.put(figure, median(values), values, unit, reference, target);
  }

  /** One value, measured once. */
  single(figure: string, value: number, unit: string, reference = '', target: Target = {}): void {
    this.put(figure, value, [value], unit, reference, target);
  }

  note(text: string): void {
    this.output.log(`${this.bench}: ${text}`);
  }

  private put(name: string, value: number, values: number[], unit: string, reference: string, target: Target): void {
    const wanted = describeTarget(target);
    const reached = value <= (target.most ?? Infinity) && value >= (target.least ?? -Infinity);
    if (!reached) this.missed += 1;
    const figure: Figure = {
      bench: this.bench,
      figure: name,
      value: rounded(value),
      unit,
      n: values.length,
      spread: [rounded(percentile(values, 0.25)), rounded(percentile(values, 0.75))],
      reference: [reference, wanted].filter(Boolean).join('; '),
    };
    this.figures.push(figure);
    this.output.item(figure, () => line(figure, wanted === '' ? '' : reached ? 'reached' : 'MISSED'));
  }
}

function describeTarget({ most, least }: Target): string {
  if (most !== undefined) return `target: at most ${most}`;
  return least === undefined ? '' : `target: at least ${least}`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function line(figure: Figure, verdict: string): string {
  const value = `${figure.value} ${figure.unit}`;
  const spread = figure.n > 1 ? `[${figure.spread[0]} .. ${figure.spread[1]}, n ${figure.n}]` : '';
  return [figure.figure.padEnd(38), value.padEnd(18), spread.padEnd(30), verdict.padEnd(8), figure.reference]
    .join(' ')
    .trimEnd();
}
