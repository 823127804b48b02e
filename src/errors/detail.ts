/** The encoding of farfork.v1.ErrorDetail (proto/farfork/v1/farfork.proto), without the generated code. */
import protobuf from 'protobufjs/minimal.js';

export interface ErrorDetail {
  /** Of the catalogue. */
  code: string;
  stage: string;
  object: string;
  detail: string;
}

/** Field numbers 1 to 4, all strings. */
const fields = ['code', 'stage', 'object', 'detail'] as const;
const lengthDelimited = 2;
/** Trailers travel in HTTP/2 headers, which are limited as a whole. */
const maxFieldLength = 1024;

export function encodeDetail(detail: ErrorDetail): Buffer {
  const writer = protobuf.Writer.create();
  fields.forEach((field, index) => {
    const text = detail[field].slice(0, maxFieldLength);
    if (text) writer.uint32(((index + 1) << 3) | lengthDelimited).string(text);
  });
  return Buffer.from(writer.finish());
}

/** Undefined when the bytes are not an ErrorDetail. Fields that this version does not know are skipped. */
export function decodeDetail(bytes: Uint8Array): ErrorDetail | undefined {
  const result: ErrorDetail = { code: '', stage: '', object: '', detail: '' };
  try {
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const field = fields[(tag >>> 3) - 1];
      if (field && (tag & 7) === lengthDelimited) result[field] = reader.string();
      else reader.skipType(tag & 7);
    }
  } catch {
    return undefined;
  }
  return result;
}
