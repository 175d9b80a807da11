// Pictures as people send them, and files that only say they are pictures.
import { deflateSync } from "node:zlib";
import jpeg from "jpeg-js";
import { PNG } from "pngjs";

export const RED = [255, 0, 0, 255];
export const GREEN = [0, 160, 0, 255];
export const BLUE = [0, 0, 255, 255];
export const NOTHING = [0, 0, 0, 0];

/** RGBA of every pixel. */
function pixels(width, height, paint) {
  const data = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(paint(x, y), (y * width + x) * 4);
  }
  return data;
}

export function png(width, height, paint) {
  const picture = new PNG({ width, height });
  picture.data = pixels(width, height, paint);
  return PNG.sync.write(picture);
}

export const jpg = (width, height, paint) => jpeg.encode({ width, height, data: pixels(width, height, paint) }, 90).data;

/** Six pixels by four, green but for one that is not seen; 40 by 30, all green. */
export const webp = {
  lossless: Buffer.from("UklGRiIAAABXRUJQVlA4TBUAAAAvBcAAEA8wyKMwHvMf8LjPT0T/wwEA", "base64"),
  lossy: Buffer.from("UklGRkwAAABXRUJQVlA4IEAAAACQAwCdASooAB4APm02l0ikIyIhJWgAgA2JZwDQvoB+AAA1rqvoAP6uF//mwK5rn6W//7O79Gb9O7++RwULTgAA", "base64"),
};

export const gif = Buffer.from("R0lGODdhAQABAIEAAP///wAAAAAAAAAAACwAAAAAAQABAEAIBAABBAQAOw==", "base64");
export const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>');

/** The JPEG with EXIF that says how the camera was held, and something that is nobody's business. */
export function withExif(file, orientation, secret) {
  const text = Buffer.from(`${secret}\0`);
  const tiff = Buffer.alloc(38);
  tiff.write("II*\0", "latin1");
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(2, 8);
  for (const [n, [tag, type, count, value]] of [[0x0112, 3, 1, orientation], [0x010e, 2, text.length, tiff.length]].entries()) {
    tiff.writeUInt16LE(tag, 10 + 12 * n);
    tiff.writeUInt16LE(type, 12 + 12 * n);
    tiff.writeUInt32LE(count, 14 + 12 * n);
    tiff.writeUInt32LE(value, 18 + 12 * n);
  }
  const exif = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff, text]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(exif.length + 2, 2);
  return Buffer.concat([file.subarray(0, 2), head, exif, file.subarray(2)]);
}

const crcTable = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
const crc = (bytes) => ~bytes.reduce((c, byte) => crcTable[(c ^ byte) & 0xff] ^ (c >>> 8), 0xffffffff) >>> 0;

function chunk(name, data) {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const ends = [Buffer.alloc(4), Buffer.alloc(4)];
  ends[0].writeUInt32BE(data.length);
  ends[1].writeUInt32BE(crc(named));
  return Buffer.concat([ends[0], named, ends[1]]);
}

/** A PNG of one grey that is as small as can be for its size: `depth` is bits of a pixel, `type` its colour type. */
export function flatPng(width, height, { depth = 1, type = 0, samples = 1, body = true } = {}) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([depth, type], 8);
  const row = 1 + Math.ceil((width * depth * samples) / 8);
  const data = body ? deflateSync(Buffer.alloc(row * height)) : Buffer.alloc(0);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

/** What came back: `{type, width, height, at(x, y)}`, the last being RGBA. */
export function decoded(bytes) {
  const type = bytes[0] === 0x89 ? "image/png" : "image/jpeg";
  const { width, height, data } = type === "image/png" ? PNG.sync.read(bytes) : jpeg.decode(bytes);
  return { type, width, height, at: (x, y) => [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)] };
}

/** Whether two colours look the same. */
export const alike = (a, b) => a.every((value, n) => Math.abs(value - b[n]) <= 24);
