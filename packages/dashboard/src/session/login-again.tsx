import { Modal } from '@mantine/core';
import Login from './login.tsx';

/** Over the screen that somebody was at work on. */
export default function LoginAgain({ name }: { readonly name: string | undefined }) {
  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      title="Your session has ended"
    >
      <Login isAgain name={name} />
    </Modal>
  );
}
