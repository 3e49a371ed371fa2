/** Lines of progress with the time since the start, one subject in front. */
export type Report = (subject: string, line: string) => void;

export const createReport = (write: (line: string) => void, startedAt: number): Report => {
  return (subject, line) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6);
    write(`[${seconds}s] ${subject.padEnd(10)} ${line}`);
  };
};
