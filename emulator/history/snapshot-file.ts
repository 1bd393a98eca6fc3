/**
 * Snapshots and recordings as files: a header, and a compressed body of one JSON text and the pages that are not zero.
 *
 *   header   'A9N machine\0', format (u32), compression (u32), bytes of the body and of its compressed form (f64 each), digest of the body (16 characters)
 *   body     length of the text (u32), text; for each of the two images: pages (u32), their numbers (u32 each), their bytes
 *
 * Numbers are little-endian. The text begins with the fingerprint of the state's layout: a file of another version of the emulator is
 * recognised by it, even if nobody thought of raising the format.
 */
import { CPU_MODELS, type CpuModel } from '../cpu/features.ts';
import { CPL } from '../cpu/state.ts';
import type { DevicesState } from '../devices/pc.ts';
import { Digest } from '../digest.ts';
import type { Input, InputEvent, Recording, Snapshot } from '../machine-api.ts';
import { RAM } from '../memory-layout.ts';
import { isSound } from '../mmu/tlb.ts';
import { deviceShape, layoutFingerprint, shapeOf } from './layout.ts';
import { bytesOf, isZero, type MemoryImage, PAGE_BYTES, Page, withPages, zeroImage } from './memory-image.ts';
import { fromJson, toJson } from './plain-data.ts';

const MAGIC = 'A9N machine\0';
const FORMAT = 1;
const HEADER_BYTES = MAGIC.length + 4 + 4 + 8 + 8 + 16;
const STORED = 0;
const GZIP = 1;
const CPU_PAGES = RAM / PAGE_BYTES;
/** Larger than any body of the largest machine. */
const BODY_LIMIT = 3.5 * 2 ** 30;

/** Why a file cannot be used; the message says it to the user. */
export class SnapshotFileError extends Error {
  override readonly name = 'SnapshotFileError';
}

const refuse = (why: string): never => {
  throw new SnapshotFileError(why);
};
const DAMAGED = 'The snapshot file is damaged: make it anew, or copy it again.';

/** What the text holds. */
interface Description {
  readonly layout: string;
  readonly memoryBytes: number;
  readonly cpu: CpuModel;
  readonly instructionCount: number;
  readonly idle: number;
  readonly devices: DevicesState;
  readonly entered: readonly InputEvent[];
  readonly scheduled: readonly InputEvent[];
  /** Of recordings. */
  readonly recording: Pick<Recording, 'inputs' | 'end' | 'digest'> | undefined;
}

export const writeSnapshotFile = (snapshot: Snapshot): Promise<Uint8Array> => write(snapshot, undefined);

export const writeRecordingFile = ({ start, inputs, end, digest }: Recording): Promise<Uint8Array> =>
  write(start, { inputs, end, digest });

async function write(snapshot: Snapshot, recording: Description['recording']): Promise<Uint8Array> {
  const { memoryBytes, cpu, instructionCount, state } = snapshot;
  const description: Description = {
    layout: layoutFingerprint(),
    ...{ memoryBytes, cpu, instructionCount, idle: state.idle, devices: state.devices },
    entered: state.inputs.log.slice(0, state.inputs.length),
    scheduled: state.inputs.scheduled,
    recording,
  };
  const text = new TextEncoder().encode(toJson(description));
  const body = join([words32([text.length]), text, ...imageParts(state.cpu), ...imageParts(state.ram)]);
  const compresses = typeof CompressionStream === 'function';
  const packed = compresses
    ? await through(body, new CompressionStream('gzip'), Number.POSITIVE_INFINITY)
    : body;
  const header = join([
    new TextEncoder().encode(MAGIC),
    words32([FORMAT, compresses ? GZIP : STORED]),
    new Uint8Array(Float64Array.of(body.length, packed.length).buffer),
    new TextEncoder().encode(digestOf(body)),
  ]);
  return join([header, packed]);
}

const words32 = (values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

function imageParts(image: MemoryImage): Uint8Array[] {
  const numbers: number[] = [];
  const pages: Uint8Array[] = [];
  for (let n = 0; n < image.pageCount; n++) {
    const page = bytesOf(image, n);
    if (isZero(page)) continue;
    numbers.push(n);
    pages.push(page);
  }
  return [words32([numbers.length]), words32(numbers), ...pages];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Of the bytes and their number. */
function digestOf(bytes: Uint8Array): string {
  const digest = new Digest();
  const whole = bytes.length - (bytes.length % 4);
  digest.words(new Int32Array(bytes.buffer, bytes.byteOffset, whole / 4));
  digest.words(Int32Array.from([...bytes.subarray(whole), bytes.length | 0]));
  return digest.toString();
}

/** Passes bytes through a stream that transforms them. Throws SnapshotFileError if more than `limit` come out. */
async function through(
  bytes: Uint8Array,
  transform: CompressionStream | DecompressionStream,
  limit: number,
): Promise<Uint8Array> {
  const writer = transform.writable.getWriter();
  // What goes wrong here shows at the other end.
  const written = writer
    .write(Uint8Array.from(bytes))
    .then(() => writer.close())
    .catch(() => undefined);
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = transform.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      refuse(DAMAGED);
    }
    parts.push(value);
  }
  await written;
  return join(parts);
}

/** Throws SnapshotFileError for anything but a file of `writeSnapshotFile` by this version of the emulator. */
export async function readSnapshotFile(file: Uint8Array): Promise<Snapshot> {
  return (await read(file)).snapshot;
}

/** Throws SnapshotFileError for anything but a file of `writeRecordingFile` by this version of the emulator. */
export async function readRecordingFile(file: Uint8Array): Promise<Recording> {
  const { snapshot, recording } = await read(file);
  if (recording === undefined) return refuse('The file is a snapshot, not a recording.');
  return { start: snapshot, ...recording };
}

async function read(file: Uint8Array): Promise<{ snapshot: Snapshot; recording: Description['recording'] }> {
  const ascii = (from: number, to: number): string => String.fromCharCode(...file.subarray(from, to));
  if (ascii(0, MAGIC.length) !== MAGIC) refuse('The file is no snapshot of a machine.');
  if (file.length < HEADER_BYTES) refuse(DAMAGED);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const at = MAGIC.length;
  const format = view.getUint32(at, true);
  if (format !== FORMAT) {
    refuse(`The snapshot file has format ${format}, this emulator reads format ${FORMAT}.`);
  }
  const compression = view.getUint32(at + 4, true);
  const bodyBytes = view.getFloat64(at + 8, true);
  const packedBytes = view.getFloat64(at + 16, true);
  if (file.length !== HEADER_BYTES + packedBytes) refuse(DAMAGED);
  if (!Number.isInteger(bodyBytes) || bodyBytes < 0 || bodyBytes > BODY_LIMIT) refuse(DAMAGED);
  const body = await unpackBody(file.subarray(HEADER_BYTES), compression, bodyBytes);
  if (body.length !== bodyBytes || digestOf(body) !== ascii(HEADER_BYTES - 16, HEADER_BYTES)) refuse(DAMAGED);
  return readBody(body);
}

async function unpackBody(packed: Uint8Array, compression: number, bytes: number): Promise<Uint8Array> {
  if (compression === STORED) return Uint8Array.from(packed);
  if (compression !== GZIP) return refuse(DAMAGED);
  try {
    return await through(packed, new DecompressionStream('gzip'), bytes);
  } catch (cause) {
    throw cause instanceof SnapshotFileError ? cause : new SnapshotFileError(DAMAGED, { cause });
  }
}

/** The digest was right; all the same nothing is believed that could make a machine do what it must not. */
function readBody(body: Uint8Array): { snapshot: Snapshot; recording: Description['recording'] } {
  const reader = { body, view: new DataView(body.buffer, body.byteOffset, body.byteLength), at: 0 };
  const text = take(reader, take32(reader));
  const description = parse(text);
  const cpu = takeImage(reader, CPU_PAGES);
  const ram = takeImage(reader, description.memoryBytes / PAGE_BYTES);
  if (reader.at !== body.length || !isSoundState(cpu, description.memoryBytes)) refuse(DAMAGED);
  const { memoryBytes, cpu: model, instructionCount, idle, devices, entered, scheduled } = description;
  const inputs = { log: entered, length: entered.length, scheduled };
  return {
    snapshot: { memoryBytes, cpu: model, instructionCount, state: { cpu, ram, devices, inputs, idle } },
    recording: description.recording,
  };
}

interface Reader {
  readonly body: Uint8Array;
  readonly view: DataView;
  at: number;
}

function take(reader: Reader, bytes: number): Uint8Array {
  if (reader.at + bytes > reader.body.length) refuse(DAMAGED);
  reader.at += bytes;
  return reader.body.subarray(reader.at - bytes, reader.at);
}

function take32(reader: Reader): number {
  take(reader, 4);
  return reader.view.getUint32(reader.at - 4, true);
}

function takeImage(reader: Reader, pageCount: number): MemoryImage {
  const count = take32(reader);
  if (count > pageCount) refuse(DAMAGED);
  const numbers = Array.from({ length: count }, () => take32(reader));
  numbers.forEach((page, n) => {
    if (page >= pageCount || (n > 0 && page <= numbers[n - 1])) refuse(DAMAGED);
  });
  return withPages(zeroImage(pageCount), numbers, () => new Page(take(reader, PAGE_BYTES).slice(), 0));
}

function isSoundState(cpu: MemoryImage, memoryBytes: number): boolean {
  const words = new Int32Array(RAM / 4);
  for (let n = 0; n < CPU_PAGES; n++) {
    const page = bytesOf(cpu, n);
    words.set(new Int32Array(page.buffer, page.byteOffset, PAGE_BYTES / 4), (n * PAGE_BYTES) / 4);
  }
  return words[CPL] >= 0 && words[CPL] <= 3 && isSound(words, memoryBytes / PAGE_BYTES);
}

function parse(text: Uint8Array): Description {
  let value: unknown;
  try {
    value = fromJson(new TextDecoder().decode(text));
  } catch (cause) {
    throw new SnapshotFileError(DAMAGED, { cause });
  }
  if (!isRecord(value)) return refuse(DAMAGED);
  const layout = layoutFingerprint();
  if (value['layout'] !== layout) {
    refuse('The snapshot file is of another version of the emulator, whose machines have another state.');
  }
  const { memoryBytes, cpu, instructionCount, idle, devices, entered, scheduled, recording } = value;
  if (
    !isCount(memoryBytes) ||
    memoryBytes % PAGE_BYTES !== 0 ||
    !isModel(cpu) ||
    !isCount(instructionCount) ||
    !isCount(idle) ||
    !isDevices(devices) ||
    !isEvents(entered) ||
    !isEvents(scheduled) ||
    !(recording === undefined || isRecording(recording))
  ) {
    return refuse(DAMAGED);
  }
  return { layout, memoryBytes, cpu, instructionCount, idle, devices, entered, scheduled, recording };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isModel = (value: unknown): value is CpuModel => CPU_MODELS.some((model) => model === value);

/** The shape itself is part of the layout's fingerprint. */
function isDevices(value: unknown): value is DevicesState {
  if (!isRecord(value) || !Object.values(value).every(isRecord)) return false;
  return shapeOf(value as DevicesState) === deviceShape(); // By the line above.
}

function isEvents(value: unknown): value is InputEvent[] {
  return (
    Array.isArray(value) &&
    value.every((event) => isRecord(event) && isCount(event['instructionCount']) && isInput(event['input']))
  );
}

function isInput(value: unknown): value is Input {
  if (!isRecord(value)) return false;
  const { kind, bytes, name, address } = value;
  if (kind === 'serial') return bytes instanceof Uint8Array;
  if (kind === 'memory') return bytes instanceof Uint8Array && isCount(address);
  return kind === 'register' && typeof name === 'string' && typeof value['value'] === 'bigint';
}

function isRecording(value: unknown): value is NonNullable<Description['recording']> {
  if (!isRecord(value)) return false;
  const { inputs, end, digest } = value;
  return isEvents(inputs) && isCount(end) && (digest === undefined || typeof digest === 'string');
}
