import { useMutation, useQueryClient } from '@tanstack/react-query';
import { isSessionOver } from '../queries.ts';
import { explain } from './failure.tsx';
import { notify } from './notify.ts';

type Action<In, Out> = {
  readonly run: (input: In) => Promise<Out>;
  /** said when it is done, such as "Rollout paused" */
  readonly done?: string | ((out: Out) => string);
  /** first parts of the keys of queries that it makes untrue */
  readonly stale?: readonly string[];
  readonly onDone?: (out: Out) => void;
};

/** Something that changes the server: says when it is done and, if it fails, why and what to do. */
export const useAction = <In = void, Out = unknown>({ run, done, stale = [], onDone }: Action<In, Out>) => {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: async (out: Out) => {
      if (done !== undefined)
        notify({ color: 'green', message: typeof done === 'string' ? done : done(out) });
      onDone?.(out);
      await Promise.all(stale.map((key) => queries.invalidateQueries({ queryKey: [key] })));
    },
    onError: (error) => {
      // The form to log in says so.
      if (isSessionOver(error)) return;
      const { code, message, mend } = explain(error);
      notify({ color: 'red', title: code, message: `${message} ${mend}`, autoClose: 15_000 });
    },
  });
};
