export interface Tiling {
  columns: number;
  rows: number;
  width: number;
  height: number;
}

export interface TilingOptions {
  gap?: number;
  /** Width over height that a tile has at most, and at least. */
  widest?: number;
  narrowest?: number;
}

const NOTHING: Tiling = { columns: 0, rows: 0, width: 0, height: 0 };

/** As large as `count` equal tiles can be in a space, and in how many columns and rows. */
export function tiling(
  width: number,
  height: number,
  count: number,
  { gap = 0, widest = 16 / 9, narrowest = widest }: TilingOptions = {},
): Tiling {
  let best = NOTHING;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    // With fewer columns there would be as few rows.
    if (columns > 1 && Math.ceil(count / (columns - 1)) === rows) continue;
    const tile = fitted(
      (width - gap * (columns - 1)) / columns,
      (height - gap * (rows - 1)) / rows,
      widest,
      narrowest,
    );
    if (tile.width * tile.height > best.width * best.height) best = { columns, rows, ...tile };
  }
  return best;
}

/** The largest tile of an allowed shape in a cell; in whole pixels, so that a row never breaks too early. */
function fitted(width: number, height: number, widest: number, narrowest: number) {
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  return {
    width: Math.floor(Math.min(width, height * widest)),
    height: Math.floor(Math.min(height, width / narrowest)),
  };
}
