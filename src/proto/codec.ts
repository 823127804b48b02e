// SPDX-License-Identifier: Apache-2.0
/** What the generated code (farfork.gen.ts) is made of. */
import protobuf from 'protobufjs/minimal.js';

// uint64 fields are counts, bytes and milliseconds, all below 2^53: decode them to numbers, whether "long" is installed or not.
(protobuf.util as { Long: unknown }).Long = null;
protobuf.configure();

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;
type Plain = string | number | boolean | Uint8Array | Record<string, string> | undefined;

/** A message to be sent: what is left out has its default. */
export type Init<T> = T extends Plain ? T : T extends (infer U)[] ? Init<U>[] : { [K in keyof T]?: Init<T[K]> | undefined };

export interface Codec<T> {
  /** A message with every field: the given ones (not copied), else defaults. */
  create(init?: Partial<T>): T;
  encode(message: Init<T>): Buffer;
  /** Throws on bytes that are no such message. Fields that this version does not know are skipped. */
  decode(bytes: Uint8Array): T;
  write(message: Init<T>, writer: Writer): Writer;
  read(reader: Reader, length: number): T;
}

export const noBytes: Uint8Array = new Uint8Array(0);

export function codec<T>(
  zero: () => T,
  write: (message: Init<T>, writer: Writer) => Writer,
  fill: (reader: Reader, end: number, message: T) => void,
): Codec<T> {
  const read = (reader: Reader, length: number): T => {
    const message = zero();
    const end = reader.pos + length;
    if (end > reader.len) throw new RangeError('a message ends beyond its bytes');
    fill(reader, end, message);
    if (reader.pos !== end) throw new RangeError('a field ends beyond its message');
    return message;
  };
  return {
    create: (init) => (init === undefined ? zero() : Object.assign(zero() as object, init)) as T,
    encode: (message) => write(message, protobuf.Writer.create()).finish() as Buffer,
    decode: (bytes) => read(protobuf.Reader.create(bytes), bytes.length),
    write,
    read,
  };
}

/** Field 1 is the key, field 2 the value. */
export function writeMap(writer: Writer, tag: number, map: Record<string, string> | undefined): void {
  for (const [key, value] of Object.entries(map ?? {})) {
    writer.uint32(tag).fork().uint32(10).string(key).uint32(18).string(value).ldelim();
  }
}

export function readMap(reader: Reader, map: Record<string, string>): void {
  const end = reader.uint32() + reader.pos;
  let key = '';
  let value = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) key = reader.string();
    else if (tag === 18) value = reader.string();
    else reader.skipType(tag & 7);
  }
  map[key] = value;
}

/** A method as grpc-js wants it, for servers (addService) and clients (makeUnaryRequest and its like). */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (message: Init<Request>) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (message: Init<Response>) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

export function method<Request, Response>(
  path: string,
  request: Codec<Request>,
  response: Codec<Response>,
  requestStream: boolean,
  responseStream: boolean,
): Method<Request, Response> {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: request.encode,
    requestDeserialize: request.decode,
    responseSerialize: response.encode,
    responseDeserialize: response.decode,
  };
}
