const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a file; an empty text is what nobody wrote. Empty `contents` are contents. */
const KEYS: ReadonlySet<string> = new Set(['symlink', 'source', 'metadata', 'mode']);

const fileWithout = (file: unknown): unknown =>
  isRecord(file)
    ? Object.fromEntries(Object.entries(file).filter(([key, value]) => value !== '' || !KEYS.has(key)))
    : file;

/** An image file without the empty texts of `files` that LinuxKit takes for keys that are not there. */
export const withoutEmptyTexts = (image: unknown): unknown =>
  isRecord(image) && Array.isArray(image['files'])
    ? { ...image, files: image['files'].map(fileWithout) }
    : image;
