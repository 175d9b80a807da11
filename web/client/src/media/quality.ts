export type Quality = 'good' | 'fair' | 'poor' | 'unknown';

/** What `getStats` says of a connection at one moment, counted from its beginning. */
export interface LinkCounts {
  received: number;
  lost: number;
  /** Of the packets that the peer has told about since its report before, the share that it lost; the worst of all. */
  sentLoss: number;
  /** Seconds there and back. */
  roundTrip: number | null;
  /** Bits per second that the way there bears. */
  available: number | null;
}

/** What is not sent any more keeps its last report, which says nothing about this moment. */
const REPORT_HOLDS_MS = 6_000;

/** The entries of an `RTCStatsReport`, as far as they are read here. */
export interface StatsEntry {
  id?: string;
  type: string;
  /** Of what the peer has told: when it came. */
  timestamp?: number;
  packetsReceived?: number;
  packetsLost?: number;
  fractionLost?: number;
  currentRoundTripTime?: number;
  roundTripTime?: number;
  availableOutgoingBitrate?: number;
  /** Of a transport: the pair of candidates by which it goes. */
  selectedCandidatePairId?: string;
  /** Of a pair, where transports are not told (Firefox). */
  selected?: boolean;
}

export function counted(report: Iterable<StatsEntry>): LinkCounts {
  const entries = [...report];
  const now = Math.max(...entries.map((entry) => entry.timestamp ?? 0));
  const selected = new Set(entries.map((entry) => entry.selectedCandidatePairId));
  const counts: LinkCounts = { received: 0, lost: 0, sentLoss: 0, roundTrip: null, available: null };
  for (const entry of entries) {
    if (entry.type === 'inbound-rtp') {
      counts.received += entry.packetsReceived ?? 0;
      counts.lost += Math.max(0, entry.packetsLost ?? 0);
    } else if (entry.type === 'remote-inbound-rtp' && now - (entry.timestamp ?? now) < REPORT_HOLDS_MS) {
      counts.sentLoss = Math.max(counts.sentLoss, entry.fractionLost ?? 0);
      counts.roundTrip ??= entry.roundTripTime ?? null;
    } else if (entry.type === 'candidate-pair' && (entry.selected || (entry.id && selected.has(entry.id)))) {
      counts.roundTrip = entry.currentRoundTripTime ?? counts.roundTrip;
      counts.available = entry.availableOutgoingBitrate ?? null;
    }
  }
  return counts;
}

/** The share of packets that were lost on the way here between two moments. */
export function lossBetween(before: LinkCounts, now: LinkCounts): number {
  const lost = Math.max(0, now.lost - before.lost);
  const all = lost + Math.max(0, now.received - before.received);
  return all === 0 ? 0 : lost / all;
}

/** How well a connection carries a conversation, by the worse of its two directions. */
export function qualityOf(loss: number, roundTrip: number | null): Quality {
  const delay = roundTrip ?? 0;
  if (loss > 0.08 || delay > 0.5) return 'poor';
  if (loss > 0.03 || delay > 0.25) return 'fair';
  return 'good';
}
