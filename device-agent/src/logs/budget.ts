const DAY_S = 86_400;

/** Bytes of logs that may be sent in a day, counted from the start of the agent. */
export type DailyBudget = {
  /** @returns how many of the bytes may go, and counts them */
  readonly take: (bytes: number, uptime: number) => number;
};

/** @param uptime seconds, not the time of day: a clock that jumps must not open the purse again */
export const dailyBudget = (perDay: number): DailyBudget => {
  let dayBegan: number | undefined;
  let spent = 0;
  return {
    take: (bytes, uptime) => {
      if (dayBegan === undefined || uptime - dayBegan >= DAY_S) [dayBegan, spent] = [uptime, 0];
      const granted = Math.max(0, Math.min(bytes, perDay - spent));
      spent += granted;
      return granted;
    },
  };
};
