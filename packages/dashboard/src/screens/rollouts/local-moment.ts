/** @param local as an input of date and time gives it, without a zone: that of this browser. @returns ISO 8601 in UTC */
export const momentOf = (local: string): string | undefined => {
  const at = new Date(local);
  return local === '' || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
};

/** The way back, to the minute. */
export const localOf = (iso: string | null): string => {
  if (iso === null) return '';
  const at = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
};
