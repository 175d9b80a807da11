import { describe, expect, it } from 'vitest';
import { tiling } from '../../src/pages/room/stage/tiling.ts';

const shape = (width: number, height: number, count: number) => {
  const { columns, rows } = tiling(width, height, count, { gap: 8 });
  return `${columns}×${rows}`;
};

describe('tiling', () => {
  it('gives one person all of the space', () => {
    expect(tiling(1600, 900, 1)).toEqual({ columns: 1, rows: 1, width: 1600, height: 900 });
  });

  it('keeps the shape of a picture', () => {
    for (let count = 1; count <= 25; count += 1) {
      const { width, height } = tiling(1280, 640, count, { gap: 8 });
      expect(Math.abs(width / height - 16 / 9)).toBeLessThan(0.05);
    }
  });

  it('fills a wide screen row by row', () => {
    expect([1, 2, 3, 4, 6, 9, 10, 16].map((count) => shape(1280, 680, count))).toEqual([
      '1×1',
      '2×1',
      '2×2',
      '2×2',
      '3×2',
      '3×3',
      '4×3',
      '4×4',
    ]);
  });

  it('stacks people on a phone', () => {
    expect([1, 2, 3, 6].map((count) => shape(390, 640, count))).toEqual(['1×1', '1×2', '1×3', '2×3']);
  });

  it('takes as much of a narrow screen as narrower tiles allow', () => {
    const { width, height } = tiling(390, 640, 1, { narrowest: 3 / 4 });
    expect([width, height]).toEqual([390, 520]);
  });

  it('never takes more than there is', () => {
    for (let count = 1; count <= 25; count += 1)
      for (const [width, height] of [
        [1280, 640],
        [390, 640],
        [900, 300],
      ] as const) {
        const gap = 8;
        const tiles = tiling(width, height, count, { gap, narrowest: 1 });
        expect(tiles.columns * tiles.rows).toBeGreaterThanOrEqual(count);
        expect(tiles.columns * tiles.width + gap * (tiles.columns - 1)).toBeLessThanOrEqual(width);
        expect(tiles.rows * tiles.height + gap * (tiles.rows - 1)).toBeLessThanOrEqual(height);
      }
  });

  it('shows nothing where there is no space or nobody', () => {
    expect(tiling(0, 0, 3).width).toBe(0);
    expect(tiling(800, 600, 0).columns).toBe(0);
  });
});
