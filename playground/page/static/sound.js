// @ts-check
// Sounds: measured, recorded, and made into WAV, which the storage of this machine can turn into MP3.

const RATE = 16_000;

/** The platform's longest voice message. */
export const RECORDING_MAX_MS = 120_000;

/**
 * A sound that can be sent: MP3 and WAV as they are, anything else that the browser can read as WAV.
 * @param {File} file
 * @returns {Promise<{file: File, milliseconds: number}>} what nobody here can read stays as it is, its length 0
 */
export async function readySound(file) {
  let decoded;
  try {
    const context = new OfflineAudioContext(1, 1, RATE);
    decoded = await context.decodeAudioData(await file.arrayBuffer());
  } catch {
    return { file, milliseconds: 0 };
  }
  const milliseconds = Math.round(decoded.duration * 1000);
  const stays = /^audio\/(mpeg|mp3|wav|wave|x-wav|vnd\.wave)$/.test(file.type);
  return { file: stays ? file : wav(decoded, file.name.replace(/(\.[^.]*)?$/, ".wav")), milliseconds };
}

/** @param {AudioBuffer} sound @param {string} name @returns {File} its first channel, 16 bits a sample */
function wav(sound, name) {
  const samples = sound.getChannelData(0);
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (/** @type {number} */ at, /** @type {string} */ word) =>
    [...word].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, sound.sampleRate, true);
  view.setUint32(28, 2 * sound.sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, index) => {
    view.setInt16(44 + 2 * index, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true);
  });
  return new File([view], name, { type: "audio/wav" });
}

/** Records the microphone, one recording at a time. */
export class Recorder {
  /** @type {MediaRecorder | null} */
  #recorder = null;
  #began = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticks;

  /** @param {() => void} changed @param {(file: File) => void} onRecorded */
  constructor(changed, onRecorded) {
    this.changed = changed;
    this.onRecorded = onRecorded;
  }

  get isOn() {
    return this.#recorder !== null;
  }

  get milliseconds() {
    return Date.now() - this.#began;
  }

  /** @returns {Promise<boolean>} false where there is no microphone, or it may not be used */
  async start() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return false;
    }
    /** @type {Blob[]} */
    const pieces = [];
    const recorder = new MediaRecorder(stream);
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.onstop = () => {
      for (const track of stream.getTracks()) track.stop();
      clearInterval(this.#ticks);
      const wanted = this.#recorder !== null;
      this.#recorder = null;
      const type = recorder.mimeType.split(";")[0] ?? "";
      if (wanted) this.onRecorded(new File(pieces, "voice", { type: type.replace("video/", "audio/") }));
      this.changed();
    };
    this.#recorder = recorder;
    this.#began = Date.now();
    this.#ticks = setInterval(() => {
      if (this.milliseconds >= RECORDING_MAX_MS) this.stop();
      this.changed();
    }, 1000);
    recorder.start();
    this.changed();
    return true;
  }

  stop() {
    this.#recorder?.stop();
  }

  /** Ends it, and keeps nothing. */
  cancel() {
    const recorder = this.#recorder;
    this.#recorder = null;
    recorder?.stop();
  }
}
