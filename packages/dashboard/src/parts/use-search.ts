import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/**
 * One value in the address, so that whatever is shown can be sent to somebody as a link. Going back goes back over it only
 * where `isStep` says so.
 */
export const useSearch = (
  name: string,
  fallback = '',
  { isStep = false }: { readonly isStep?: boolean } = {},
): [string, (value: string) => void] => {
  const [search, setSearch] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          if (value === fallback) next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: !isStep },
      ),
    [setSearch, name, fallback, isStep],
  );
  return [search.get(name) ?? fallback, set];
};
