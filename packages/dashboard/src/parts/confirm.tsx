import { createContext, lazy, Suspense, use, useCallback, useState, type ReactNode } from 'react';

export type Question = {
  readonly title: string;
  readonly text?: ReactNode;
  /** what happens if it is done, one thing a line */
  readonly consequences?: readonly ReactNode[];
  /** the word on the button: what is done, never "OK" */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** must be typed first, such as the name of what goes for good */
  readonly typed?: string;
};

type Asked = { readonly question: Question; readonly answer: (yes: boolean) => void };
const ConfirmContext = createContext<(question: Question) => Promise<boolean>>(async () => false);
const ConfirmDialog = lazy(() => import('./confirm-dialog.tsx'));

/** Asks before something is done that cannot easily be undone: `if (await confirm({ … })) …` */
export const useConfirm = () => use(ConfirmContext);

export const ConfirmProvider = ({ children }: { readonly children: ReactNode }) => {
  const [asked, setAsked] = useState<Asked>();
  const [isOpen, setOpen] = useState(false);
  const confirm = useCallback(
    (question: Question) =>
      new Promise<boolean>((answer) => {
        setAsked({ question, answer });
        setOpen(true);
      }),
    [],
  );
  const close = (yes: boolean): void => {
    asked?.answer(yes);
    setOpen(false);
  };
  return (
    <ConfirmContext value={confirm}>
      {children}
      {asked === undefined ? null : (
        <Suspense>
          <ConfirmDialog question={asked.question} isOpen={isOpen} close={close} />
        </Suspense>
      )}
    </ConfirmContext>
  );
};
