import type { Processes } from './port.ts';

/** By `date`, whose C library knows the rules of POSIX zones; neither runtime can be told a zone while it runs. */
export const zoneOffset = async (processes: Processes, zone: string, at: number): Promise<number> => {
  const { status, stdout, stderr } = await processes.run(['date', '-d', `@${at}`, '+%z'], {
    environment: { TZ: zone },
  });
  const found = /^([+-])(\d\d)(\d\d)\n$/.exec(stdout);
  if (status !== 0 || found === null) throw new Error(`date: status ${status}: ${stdout}${stderr}`);
  const seconds = Number(found[2]) * 3600 + Number(found[3]) * 60;
  return found[1] === '-' ? -seconds : seconds;
};
