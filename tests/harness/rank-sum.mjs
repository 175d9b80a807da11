// Whether two samples look drawn from one distribution: the Mann–Whitney U test, whose statistic is normal for samples of this size.

/** How far apart the samples' ranks are, in standard deviations of what chance does. Ties share their ranks. */
export function rankSum(one, other) {
  const all = [...one.map((value) => [value, 0]), ...other.map((value) => [value, 1])].sort(([a], [b]) => a - b);
  let [ranks, ties] = [0, 0];
  for (let begin = 0; begin < all.length; ) {
    let end = begin;
    while (end < all.length && all[end][0] === all[begin][0]) end++;
    const [rank, tied] = [(begin + 1 + end) / 2, end - begin];
    ties += tied ** 3 - tied;
    for (let i = begin; i < end; i++) if (all[i][1] === 0) ranks += rank;
    begin = end;
  }
  const [n, m] = [one.length, other.length];
  const u = ranks - (n * (n + 1)) / 2;
  const spread = Math.sqrt(((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1))));
  return (u - (n * m) / 2) / spread;
}

/** The share of pairs in which the second is the larger: 0.5 where neither tells anything. */
export const auc = (one, other) => {
  const spread = Math.sqrt((one.length * other.length * (one.length + other.length + 1)) / 12);
  return 0.5 - (rankSum(one, other) * spread) / (one.length * other.length);
};

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
