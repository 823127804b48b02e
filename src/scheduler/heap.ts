// SPDX-License-Identifier: Apache-2.0
/** A binary heap whose top is the best item. */
export class Heap<Item> {
  constructor(
    private readonly items: Item[],
    private readonly isBetter: (left: Item, right: Item) => boolean,
  ) {
    for (let index = (items.length >> 1) - 1; index >= 0; index -= 1) this.sink(index);
  }

  /** Throws when it is empty. */
  get top(): Item {
    return this.at(0);
  }

  /** After the top changed for the worse: puts it where it belongs. */
  settleTop(): void {
    this.sink(0);
  }

  private at(index: number): Item {
    const item = this.items[index];
    if (item === undefined) throw new RangeError(`a heap of ${this.items.length} has no item ${index}`);
    return item;
  }

  private sink(start: number): void {
    const item = this.at(start);
    let index = start;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.items.length) break;
      if (child + 1 < this.items.length && this.isBetter(this.at(child + 1), this.at(child))) child += 1;
      if (!this.isBetter(this.at(child), item)) break;
      this.items[index] = this.at(child);
      index = child;
    }
    this.items[index] = item;
  }
}
