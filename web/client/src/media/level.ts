/** How loud one's own microphone is. */
export class LevelMeter {
  #context: AudioContext | null = null;
  #analyser: AnalyserNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #samples = new Float32Array(1024);

  listen(track: MediaStreamTrack | null): void {
    this.#source?.disconnect();
    this.#source = null;
    if (!track) return;
    this.#context ??= new AudioContext();
    this.#analyser ??= new AnalyserNode(this.#context, { fftSize: this.#samples.length });
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
    this.wake();
  }

  /** Called on clicks: before the first one, a browser may leave it suspended, and then there is no level. */
  wake(): void {
    void this.#context?.resume();
  }

  /** From 0 to 1. */
  level(): number {
    if (!this.#source || !this.#analyser) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return this.#samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
  }

  close(): void {
    this.listen(null);
    void this.#context?.close();
    this.#context = null;
    this.#analyser = null;
  }
}
