// Runs in each page before its own scripts: keeps the page's peer connections, so that what they carry can be counted.

/** `window.callsSeen`; with `relayed`, every connection goes through a relay alone. */
export function watchCalls({ relayed }) {
  const connections = new Set();
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(configuration, ...rest) {
      super(relayed ? { ...configuration, iceTransportPolicy: "relay" } : configuration, ...rest);
      connections.add(this);
    }

    setConfiguration(configuration) {
      super.setConfiguration(relayed ? { ...configuration, iceTransportPolicy: "relay" } : configuration);
    }
  };

  const reports = async () => {
    const alive = [...connections].filter(({ connectionState }) => connectionState === "connected");
    return Promise.all(alive.map(async (connection) => [...(await connection.getStats()).values()]));
  };
  const inbound = async (kind, figure) => {
    const all = (await reports()).flat().filter((report) => report.type === "inbound-rtp" && report.kind === kind);
    return Object.fromEntries(all.map((report) => [report.ssrc, report[figure] ?? 0]));
  };

  window.callsSeen = {
    /** Decoded frames of each picture that comes in. */
    pictures: () => inbound("video", "framesDecoded"),
    /** The energy of each sound that comes in. */
    sounds: () => inbound("audio", "totalAudioEnergy"),
    /** Of what kind this end of each connection is. */
    routes: async () =>
      (await reports()).map((all) => {
        const find = (id) => all.find((report) => report.id === id);
        const { selectedCandidatePairId } = all.find(({ type }) => type === "transport");
        return find(find(selectedCandidatePairId).localCandidateId).candidateType;
      }),
  };
}
