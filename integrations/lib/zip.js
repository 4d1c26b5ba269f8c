// A zip archive (APPNOTE 6.3, deflate, no ZIP64): the same files give the same bytes.
import { readFileSync, writeFileSync } from "node:fs";
import zlib from "node:zlib";

const DATE = ((2026 - 1980) << 9) | (1 << 5) | 1;

/** Writes `files`, a list of `[name in the archive, path or Buffer]`, in the order of their names. */
export function writeZip(target, files) {
  const bodies = [];
  const directory = [];
  let offset = 0;
  for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = Buffer.isBuffer(content) ? content : readFileSync(content);
    const packed = zlib.deflateRawSync(bytes, { level: 9 });
    const label = Buffer.from(name, "utf8");

    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0); // made for version 2.0
    fields.writeUInt16LE(0x0800, 2); // names are UTF-8
    fields.writeUInt16LE(8, 4); // deflate
    fields.writeUInt16LE(DATE, 8);
    fields.writeUInt32LE(zlib.crc32(bytes), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(label.length, 22);

    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), fields, label, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((0o100644 << 16) >>> 0, 6); // a plain file
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x03", "latin1"), fields, tail, label]));
    bodies.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  writeFileSync(target, Buffer.concat([...bodies, central, end]));
}

/** Reads such an archive back: names with their bytes. */
export function readZip(source) {
  const archive = readFileSync(source);
  const end = archive.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  const files = new Map();
  let at = archive.readUInt32LE(end + 16);
  for (let count = archive.readUInt16LE(end + 10); count > 0; count -= 1) {
    const [packed, size] = [archive.readUInt32LE(at + 20), archive.readUInt32LE(at + 24)];
    const [label, extra, comment] = [28, 30, 32].map((place) => archive.readUInt16LE(at + place));
    const local = archive.readUInt32LE(at + 42);
    const name = archive.toString("utf8", at + 46, at + 46 + label);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const bytes = zlib.inflateRawSync(archive.subarray(start, start + packed));
    if (bytes.length !== size || zlib.crc32(bytes) !== archive.readUInt32LE(at + 16)) throw new Error(`${name} is damaged`);
    files.set(name, bytes);
    at += 46 + label + extra + comment;
  }
  return files;
}
