// SPDX-License-Identifier: Apache-2.0
// Generates src/proto/farfork.gen.ts from the .proto files: a plain interface and a codec a message, the services' methods,
// and the descriptor for reflection. Parsing and the wire format are protobufjs's; pbjs's own static code is ten times the
// size, and its messages lose their defaults when they are spread or printed.
// With --check it writes nothing and exits 1 when the file is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor.js';

const folder = dirname(fileURLToPath(import.meta.url));
const target = join(folder, '../src/proto/farfork.gen.ts');
const entry = 'farfork/v1/agent.proto'; // imports farfork.proto

const scalars = {
  string: { type: 'string', zero: `''`, wire: 2 },
  bytes: { type: 'Uint8Array', zero: 'noBytes', wire: 2 },
  bool: { type: 'boolean', zero: 'false', wire: 0 },
  int32: { type: 'number', zero: '0', wire: 0 },
  uint32: { type: 'number', zero: '0', wire: 0 },
  uint64: { type: 'number', zero: '0', wire: 0 },
  double: { type: 'number', zero: '0', wire: 1 },
};

/** "farfork.v1.ForkEvent.Kind" -> "ForkEventKind". */
const nameOf = (object) => object.fullName.replace(/^\.farfork\.v1\./, '').replaceAll('.', '');
const byName = (left, right) => (left.name < right.name ? -1 : 1);

/** Everything about a field that the templates need. */
function describe(field) {
  const message = field.resolvedType instanceof protobuf.Type;
  const enumeration = field.resolvedType instanceof protobuf.Enum;
  const scalar = enumeration ? { zero: '0', wire: 0, type: nameOf(field.resolvedType) } : scalars[field.type];
  if (!message && !scalar) throw new Error(`${field.fullName}: type ${field.type} is not supported`);
  if (field.map && (field.keyType !== 'string' || field.type !== 'string')) throw new Error(`${field.fullName}: map`);
  const type = message ? nameOf(field.resolvedType) : scalar.type;
  const call = enumeration ? 'int32' : field.type;
  return { field, message, enumeration, type, call, zero: scalar?.zero, wire: message ? 2 : scalar.wire };
}

const optional = ({ field, message }) => !field.repeated && !field.map && (message || field.partOf !== null);

function interfaceLine(info) {
  const { field, type } = info;
  const comment = field.comment ? `  /** ${field.comment.replaceAll('\n', ' ')} */\n` : '';
  if (field.map) return `${comment}  ${field.name}: Record<string, string>;`;
  if (field.repeated) return `${comment}  ${field.name}: ${type}[];`;
  return optional(info) ? `${comment}  ${field.name}?: ${type} | undefined;` : `${comment}  ${field.name}: ${type};`;
}

function zeroLine(info) {
  const { field, type, zero, enumeration } = info;
  if (field.map) return `    ${field.name}: {},`;
  if (field.repeated) return `    ${field.name}: [],`;
  if (optional(info)) return `    ${field.name}: undefined,`;
  return `    ${field.name}: ${enumeration ? `${type}.${nameOfZero(field.resolvedType)}` : zero},`;
}
const nameOfZero = (enumeration) => enumeration.valuesById[0];

const tag = (id, wire) => ((id << 3) | wire) >>> 0;

function writeLine(info) {
  const { field, message, type, call, wire } = info;
  const value = `message.${field.name}`;
  const put = (what) =>
    message
      ? `${type}.write(${what}, writer.uint32(${tag(field.id, 2)}).fork()).ldelim()`
      : `writer.uint32(${tag(field.id, wire)}).${call}(${what})`;
  if (field.map) return `    writeMap(writer, ${tag(field.id, 2)}, ${value});`;
  if (field.repeated) {
    if (!message && wire !== 2) throw new Error(`${field.fullName}: packed fields are not supported`);
    return `    for (const item of ${value} ?? []) ${put('item')};`;
  }
  if (optional(info)) return `    if (${value} !== undefined) ${put(value)};`;
  return `    if (${value}${call === 'bytes' ? '?.length' : ''}) ${put(value)};`;
}

function readLine(info) {
  const { field, message, type, call, wire, enumeration } = info;
  const scalar = call === 'uint64' ? 'Number(reader.uint64())' : `reader.${call}()`;
  const get = message ? `${type}.read(reader, reader.uint32())` : `${scalar}${enumeration ? ` as ${type}` : ''}`;
  const id = tag(field.id, field.map ? 2 : wire);
  if (field.map) return `        case ${id}: readMap(reader, message.${field.name}); break;`;
  if (field.repeated) return `        case ${id}: message.${field.name}.push(${get}); break;`;
  return `        case ${id}: message.${field.name} = ${get}; break;`;
}

function messageCode(type) {
  const name = nameOf(type);
  const fields = type.fieldsArray.map((field) => describe(field.resolve()));
  return `
${type.comment ? `/** ${type.comment.replaceAll('\n', ' ')} */\n` : ''}export interface ${name} {
${fields.map(interfaceLine).join('\n')}
}
export const ${name}: Codec<${name}> = codec<${name}>(
  () => ({
${fields.map(zeroLine).join('\n')}
  }),
  (${fields.length > 0 ? '' : '_'}message, writer) => {
${fields.map(writeLine).join('\n')}
    return writer;
  },
  (reader, end${fields.length > 0 ? ', message' : ''}) => {
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
${fields.map(readLine).join('\n')}
        default: reader.skipType(tag & 7);
      }
    }
  },
);
`;
}

function enumCode(type) {
  const values = Object.entries(type.values).map(([name, value]) => `  ${name} = ${value},`);
  return `\nexport enum ${nameOf(type)} {\n${values.join('\n')}\n}\n`;
}

function serviceCode(service) {
  const methods = service.methodsArray.map((method) => {
    method.resolve();
    const [request, response] = [nameOf(method.resolvedRequestType), nameOf(method.resolvedResponseType)];
    const streams = `${Boolean(method.requestStream)}, ${Boolean(method.responseStream)}`;
    const path = `/${service.fullName.slice(1)}/${method.name}`;
    const key = method.name[0].toLowerCase() + method.name.slice(1);
    return `  ${key}: method('${path}', ${request}, ${response}, ${streams}),`;
  });
  return `\nexport const ${nameOf(service)} = {\n${methods.join('\n')}\n} as const;\n`;
}

function collect(namespace, kind) {
  const found = [];
  for (const object of namespace.nestedArray) {
    if (object instanceof kind) found.push(object);
    if (object instanceof protobuf.Namespace) found.push(...collect(object, kind));
  }
  return found.sort(byName);
}

function load() {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, path) => join(folder, path);
  root.loadSync(entry, { alternateCommentMode: true });
  root.resolveAll();
  return root;
}

/**
 * protobufjs leaves type names relative and calls the entry of a map by its field's name alone; strict reflection clients
 * want absolute names and protoc's "FieldEntry".
 */
function qualify(file) {
  const known = new Set();
  const visit = (messages, scope, act) => {
    for (const message of messages) {
      const name = `${scope}.${message.name}`;
      act(name, message);
      visit(message.nestedType ?? [], name, act);
    }
  };
  const scope = `.${file.package}`;
  for (const type of file.enumType ?? []) known.add(`${scope}.${type.name}`);
  const renamed = new Set();
  visit(file.messageType, scope, (name, message) => {
    for (const entry of message.nestedType ?? []) {
      if (!entry.options?.mapEntry || entry.name.endsWith('Entry')) continue;
      renamed.add(`${name}.${entry.name}`);
      entry.name += 'Entry';
    }
  });
  visit(file.messageType, scope, (name, message) => {
    known.add(name);
    for (const type of message.enumType ?? []) known.add(`${name}.${type.name}`);
  });
  const absolute = (name, from) => {
    for (let at = from; at && !name.startsWith('.'); at = at.slice(0, at.lastIndexOf('.'))) {
      if (known.has(`${at}.${name}`)) return `${at}.${name}`;
    }
    if (!known.has(name)) throw new Error(`unknown type ${name} in ${from}`);
    return name;
  };
  visit(file.messageType, scope, (name, message) => {
    for (const field of message.field ?? []) {
      if (!field.typeName) continue;
      const entry = renamed.has(field.typeName) || renamed.has(`${name}.${field.typeName}`);
      field.typeName = absolute(entry ? `${field.typeName}Entry` : field.typeName, name);
    }
  });
  for (const method of file.service.flatMap((service) => service.method)) {
    method.inputType = absolute(method.inputType, scope);
    method.outputType = absolute(method.outputType, scope);
  }
  return file;
}

function generate() {
  const root = load();
  const services = collect(root, protobuf.Service);
  const descriptors = root.toDescriptor('proto3').file.map((file) =>
    Buffer.from(file.constructor.encode(qualify(file)).finish())
      .toString('base64')
      .match(/.{1,110}/g),
  );
  return `// SPDX-License-Identifier: Apache-2.0
// Generated from proto/farfork/v1/*.proto by proto/generate.mjs. Do not edit.
import { codec, type Codec, method, noBytes, readMap, writeMap } from './codec.js';
${collect(root, protobuf.Enum).map(enumCode).join('')}${collect(root, protobuf.Type).map(messageCode).join('')}${services
    .map(serviceCode)
    .join('')}
/** Full names of the services. */
export const serviceNames = [
${services.map((service) => `  '${service.fullName.slice(1)}',`).join('\n')}
] as const;

/** Encoded google.protobuf.FileDescriptorProto, for reflection. */
export const fileDescriptors: readonly Buffer[] = [
${descriptors.map((lines) => `  Buffer.from(\n    [\n${lines.map((line) => `      '${line}',`).join('\n')}\n    ].join(''),\n    'base64',\n  ),`).join('\n')}
];
`;
}

const text = generate();
if (existsSync(target) && readFileSync(target, 'utf8') === text) process.exit(0);
if (process.argv.includes('--check')) {
  console.error('src/proto/farfork.gen.ts is stale: run npm run generate');
  process.exit(1);
}
writeFileSync(target, text);
